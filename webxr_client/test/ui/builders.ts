/** Sites and states that say only what a test is about; the sentences are the real ones of the pages. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Device } from '../../src/device'
import { START, type VisitState } from '../../src/state'
import { makeWords, type Words } from '../../src/ui/words'
import type { Experience, Landmark, Language, SiteDocument } from '../../src/wire'

/** The sentences a page in the language carries. */
export function wordsIn(language: Language): Words {
  const folder = resolve('../xr_server/texts', language) // vitest runs in webxr_client
  const sentences: Record<string, string> = {}
  for (const name of readdirSync(folder)) {
    const area = JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as Record<string, string>
    for (const [key, sentence] of Object.entries(area)) {
      if (/^(ui|xr)\./.test(key)) sentences[key.slice(3)] = sentence
    }
  }
  return makeWords(sentences, language === 'ja-x-easy' ? 'ja' : language)
}

export const GATE: Landmark = {
  id: 'gate',
  name: 'Water Gate',
  kana: '',
  category: 'gate',
  status: 'restored',
  lat: 32.744,
  lon: 129.872,
  accuracy_m: 15,
  geofence: { enter_m: 20, leave_m: 30 },
  history: '',
  years: {},
  certainty: '',
  geometry: null,
  attribution: '',
  sources: []
}

export function experience(values: Partial<Experience> = {}): Experience {
  return {
    id: 'gate-1820',
    title: 'The gate in 1820',
    summary: 'All cargo passed here.',
    body: '',
    landmark: 'gate',
    scene: 'gate',
    trigger: { kind: 'geofence' },
    occurrences: [['2026-12-05T09:00:00Z', '2026-12-05T12:00:00Z']],
    quiet_on: [],
    cover: '/packages/x/poster.webp',
    ...values
  }
}

export function site(experiences: Experience[], language: 'ja' | 'en' = 'en'): SiteDocument {
  return {
    schema: 'dejima.site/1',
    revision: 3,
    compiled_for_on: '2026-12-04',
    language,
    site: {
      id: 'dejima',
      name: 'Dejima',
      summary: '',
      origin: { lat: 32.7435, lon: 129.873, h: 34.5 },
      bounds: [129.871, 32.742, 129.875, 32.745],
      time_zone: 'Asia/Tokyo',
      declination_deg: -7.8,
      languages: ['ja', 'en'],
      reviewed: false,
      quiet_days: [],
      attribution: [],
      timeline: []
    },
    landmarks: [GATE],
    experiences
  }
}

export function state(values: Partial<VisitState> = {}): VisitState {
  return { ...START, ...values }
}

export const PLAIN_PHONE: Device = {
  webgl2: true,
  immersiveAr: false,
  immersiveVr: false,
  secure: true,
  camera: true,
  motion: 'free',
  quickLook: false,
  reducedMotion: false,
  saveData: false,
  effectiveType: '4g',
  memory_gb: 4,
  maxTexture_px: 4096,
  avif: false,
  older: false
}

/** A moment in Nagasaki as ms UTC. */
export function at(local: string): number {
  return Date.parse(`${local}+09:00`)
}
