/** Sending a scan: the form's values, checked, and a resumable upload that survives a lost connection. */
import * as tus from 'tus-js-client'
import type { LeftWords } from './pace'
import { findFilesFault } from './scan-files'
import { fill, readData } from './staff'

/** Words and limits the page carries for this script. */
export interface UploadWords {
  csrf: string
  kinds: string[]
  scan_bytes: number
  language: string
  pause: string
  resume: string
  receiving: string
  paused: string
  waiting: string
  stopped: string
  none: string
  sent_of: string
  pace: string
  left: LeftWords
  packing: string
  unreadable: string
  chosen: string
  again: string
  kind_refused: string
  too_large: string
  missing: string
  number: string
  lost: string
  signed_out: string
  problems: Record<string, string>
}

const ENDPOINT = '/api/v1/uploads'
const PAGE = '/studio/upload'
const SIGNED_OUT = ['sign_in_first', 'csrf_missing']
const CHUNK_BYTES = 8 * 1024 * 1024
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10000, 20000]

/** What is wrong with a field, in the reader's words; null when it can be sent. */
export function findFault(field: HTMLInputElement | HTMLSelectElement, words: UploadWords): string | null {
  const label = field.labels?.[0]?.textContent?.trim() ?? field.name
  if (field instanceof HTMLInputElement && field.type === 'file') {
    return findFilesFault([...(field.files ?? [])], label, words)
  }
  const licence = field.form?.querySelector<HTMLSelectElement>('select[name="licence"]')?.value
  const ownWords = field.name === 'licence_own' && licence === 'own'
  if (field.validity.valueMissing || (ownWords && field.value.trim() === '')) return fill(words.missing, { label })
  if (field.validity.valid) return null
  const { min, max } = field as HTMLInputElement
  return fill(words.number, { label, min, max })
}

/** The metadata of an upload: every field of the form that has a value, and the file's name. */
export function collectMetadata(form: HTMLFormElement, file: File): Record<string, string> {
  const metadata: Record<string, string> = { filename: file.name }
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value.trim() !== '') metadata[name] = value.trim()
  }
  return metadata
}

/** Why an upload stopped: a sentence, and whether signing in again lets it go on. */
export interface Refusal {
  sentence: string
  signedOut: boolean
}

/** What a refusal means: our words for its code, else the server's own; without an answer the connection is lost. */
export function readRefusal(error: Error, words: UploadWords): Refusal {
  const answer = error instanceof tus.DetailedError ? error.originalResponse?.getBody() : undefined
  const lost = { sentence: words.lost, signedOut: false }
  if (answer === undefined || answer === '') return lost
  try {
    const problem = JSON.parse(answer) as { code: string; detail: string }
    if (SIGNED_OUT.includes(problem.code)) return { sentence: words.signed_out, signedOut: true }
    return { sentence: words.problems[problem.code] ?? problem.detail, signedOut: false }
  } catch {
    return lost
  }
}

/** The token of the session that is open now, which may be younger than the page; null when there is none. */
export async function fetchToken(): Promise<string | null> {
  const answer = await fetch(PAGE, { credentials: 'same-origin' })
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  return readData<UploadWords>(page, 'upload-words')?.csrf ?? null
}

/** What an upload tells the page. */
export interface Listener {
  onProgress: (sent: number, all: number) => void
  onRetry: () => void
  onError: (refusal: Refusal) => void
  onDone: (scanId: string) => void
}

/** An upload ready to start; one that broke off earlier is found again by its fingerprint. */
export async function prepareUpload(
  form: HTMLFormElement,
  file: File,
  words: UploadWords,
  listener: Listener
): Promise<tus.Upload> {
  const upload: tus.Upload = new tus.Upload(file, {
    endpoint: ENDPOINT,
    chunkSize: CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    removeFingerprintOnSuccess: true,
    metadata: collectMetadata(form, file),
    headers: { 'X-CSRF-Token': words.csrf },
    onProgress: listener.onProgress,
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0
      const again = status === 0 || status >= 500 || status === 409 || status === 423 || status === 460
      if (again) listener.onRetry()
      return again
    },
    onError: (error) => listener.onError(readRefusal(error, words)),
    onSuccess: () => listener.onDone((upload.url ?? '').split('/').pop() ?? '')
  })
  const earlier = (await upload.findPreviousUploads())[0]
  if (earlier !== undefined) upload.resumeFromPreviousUpload(earlier)
  return upload
}
