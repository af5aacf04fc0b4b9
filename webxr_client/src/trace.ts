/** `?record=1`: what an alignment heard is kept in memory and saved as a file by a tap. It is never sent anywhere. */
import { dumpTrace, type Entry } from './align/trace'

const MOST = 200_000 // about an hour and a half

export interface Trace {
  readonly length: number
  note: (entry: Entry) => void
  /** Hand the trace to the visitor as a file. */
  save: () => void
}

/** The page's trace; null unless the address asks for one. */
export function openTrace(view: Window): Trace | null {
  if (new URLSearchParams(view.location.search).get('record') !== '1') return null
  const entries: Entry[] = []
  return {
    get length() {
      return entries.length
    },
    note: (entry) => {
      if (entries.length < MOST) entries.push(entry)
    },
    save: () => saveAs(view.document, dumpTrace(entries), `alignment-${new Date().toISOString().slice(0, 16)}.jsonl`)
  }
}

function saveAs(page: Document, text: string, name: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }))
  const link = page.createElement('a')
  link.href = address
  link.download = name.replaceAll(':', '-')
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
