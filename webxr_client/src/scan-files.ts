/** The files of a scan: chosen together or dropped on the page; several are packed into one. */
import type { UploadWords } from './scan-upload'

const ALIKE_AT = new Date(Date.UTC(1980, 0, 1)) // the same files make the same bytes: an upload of them can go on after a reload

/** The one file that is sent: the chosen one, or a ZIP of all, called after the scan among them. */
export async function packFiles(files: readonly File[], kinds: readonly string[]): Promise<File | null> {
  const [only] = files
  if (files.length < 2) return only ?? null
  const { downloadZip } = await import('client-zip')
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1))
  const members = sorted.map((file) => ({ name: file.name, lastModified: ALIKE_AT, input: file }))
  const zip = await downloadZip(members).blob()
  // uploads are found again by name, size and this: a file changed since makes another upload
  const lastModified = Math.max(...files.map((file) => file.lastModified))
  return new File([zip], nameOf(files, kinds), { type: 'application/zip', lastModified })
}

/** What the ZIP is called: as the scan among the files, else as the first of them. */
export function nameOf(files: readonly File[], kinds: readonly string[]): string {
  const scan = files.find((file) => isScan(file, kinds)) ?? files[0]
  return `${(scan?.name ?? 'scan').replace(/\.[^.]+$/, '')}.zip`
}

/** What is wrong with the chosen files, in the reader's words; null when they can be sent. */
export function findFilesFault(files: readonly File[], label: string, words: UploadWords): string | null {
  if (files.length === 0) return words.missing.replace('{label}', label)
  if (!files.some((file) => isScan(file, words.kinds))) return words.kind_refused
  if (files.every((file) => file.size === 0)) return words.problems['empty_file'] ?? ''
  const all_bytes = files.reduce((sum, { size }) => sum + size, 0)
  return all_bytes > words.scan_bytes ? words.too_large : null
}

/** Let files be dropped anywhere on the page, as if they had been chosen. */
export function listenForDrops(page: Document, input: HTMLInputElement, canTake: () => boolean): void {
  const carries = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true
  page.addEventListener('dragover', (event) => {
    if (!carries(event)) return
    event.preventDefault() // without this the browser opens the file in place of the page
    page.body.toggleAttribute('data-dropping', canTake())
  })
  page.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) page.body.removeAttribute('data-dropping')
  })
  page.addEventListener('drop', (event) => {
    if (!carries(event)) return
    event.preventDefault()
    page.body.removeAttribute('data-dropping')
    const files = event.dataTransfer?.files
    if (files === undefined || files.length === 0 || !canTake()) return
    input.files = files
    input.dispatchEvent(new Event('change', { bubbles: true }))
  })
}

function isScan(file: File, kinds: readonly string[]): boolean {
  const name = file.name.toLowerCase()
  return kinds.some((kind) => name.endsWith(kind))
}
