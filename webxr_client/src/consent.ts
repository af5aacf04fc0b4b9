/** What the visitor allowed about counting their visit. Kept on the phone only. */
import type { Consent, ConsentState } from './wire'

const KEY = 'consent'
const STATES: readonly string[] = ['unset', 'refused', 'necessary', 'statistics', 'withdrawn']

/** What a browser tells every page of its owner's wish: Global Privacy Control, and the older Do Not Track. */
export interface Wish {
  globalPrivacyControl?: boolean
  doNotTrack?: string | null
}

/** Whether the browser asks that nobody be followed. */
export function asksNotToFollow({ globalPrivacyControl, doNotTrack }: Wish): boolean {
  return globalPrivacyControl === true || doNotTrack === '1'
}

/**
 * What holds now: the visitor's choice, and no more than the necessary where the browser asks that nobody be followed.
 * A yes to an older text does not cover a newer one; a no stays a no.
 */
export function readConsent(storage: Storage, text_version: string, wish: Wish): Consent {
  const chosen = readChoice(storage, text_version)
  return chosen.state === 'statistics' && asksNotToFollow(wish) ? { ...chosen, state: 'necessary' } : chosen
}

/** What the visitor chose, whatever the browser asks. */
export function readChoice(storage: Storage, text_version: string): Consent {
  const kept = parse(storage.getItem(KEY))
  if (kept === null) return { state: 'unset', text_version }
  const saidYes = kept.state === 'necessary' || kept.state === 'statistics'
  return saidYes && kept.text_version !== text_version ? { state: 'unset', text_version } : kept
}

/** Keep a choice. Taking back a yes is `withdrawn`, whatever was asked for. */
export function saveConsent(storage: Storage, state: ConsentState, text_version: string): Consent {
  const before = readChoice(storage, text_version).state
  const takenBack = state === 'refused' && (before === 'statistics' || before === 'necessary')
  const consent: Consent = { state: takenBack ? 'withdrawn' : state, text_version }
  storage.setItem(KEY, JSON.stringify(consent))
  return consent
}

/** Whether anything may leave the phone under a choice. */
export function maySend(consent: Consent): boolean {
  return consent.state === 'necessary' || consent.state === 'statistics'
}

function parse(text: string | null): Consent | null {
  if (text === null) return null
  try {
    const { state, text_version } = JSON.parse(text) as Partial<Consent>
    const sound = state !== undefined && STATES.includes(state) && typeof text_version === 'string'
    return sound ? { state, text_version } : null
  } catch {
    return null // somebody edited it: as if nothing had been chosen
  }
}
