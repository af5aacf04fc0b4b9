// @vitest-environment happy-dom
import { beforeEach, expect, test, vi } from 'vitest'
import { findFilesFault, listenForDrops, nameOf, packFiles } from '../../src/scan-files'
import type { UploadWords } from '../../src/scan-upload'

const KINDS = ['.obj', '.ply', '.zip']
const WORDS = {
  kinds: KINDS,
  scan_bytes: 100,
  missing: '{label} is missing.',
  kind_refused: 'No scan.',
  too_large: 'Too large.',
  problems: { empty_file: 'Empty.' }
} as unknown as UploadWords
const OBJ = new File(['v 0 0 0\n'], 'sea wall.obj', { lastModified: 5 })
const MTL = new File(['newmtl wall\n'], 'sea wall.mtl')
const JPG = new File(['picture'], 'wall.jpg')

/** The names in a ZIP that is only stored, by its local headers, with their contents. */
async function membersOf(zip: File): Promise<Record<string, string>> {
  const bytes = new Uint8Array(await zip.arrayBuffer())
  const text = new TextDecoder('latin1').decode(bytes)
  const found: Record<string, string> = {}
  for (let at = text.indexOf('PK\u0003\u0004'); at >= 0; at = text.indexOf('PK\u0003\u0004', at + 4)) {
    const view = new DataView(bytes.buffer, at)
    expect(view.getUint16(8, true)).toBe(0) // stored
    const name = text.slice(at + 30, at + 30 + view.getUint16(26, true))
    const begin = at + 30 + view.getUint16(26, true) + view.getUint16(28, true)
    const end = Math.min(
      ...['PK\u0007\u0008', 'PK\u0003\u0004', 'PK\u0001\u0002'].map((sign) => {
        const next = text.indexOf(sign, begin)
        return next < 0 ? text.length : next
      })
    )
    found[name] = text.slice(begin, end)
  }
  return found
}

test('one file goes as it is, and none is none', async () => {
  expect(await packFiles([OBJ], KINDS)).toBe(OBJ)
  expect(await packFiles([], KINDS)).toBeNull()
})

test('several files go as one ZIP called after the scan among them', async () => {
  const zip = await packFiles([JPG, MTL, OBJ], KINDS)
  expect(zip?.name).toBe('sea wall.zip')
  expect(await membersOf(zip as File)).toEqual({
    'sea wall.mtl': 'newmtl wall\n',
    'sea wall.obj': 'v 0 0 0\n',
    'wall.jpg': 'picture'
  })
})

test('the same files make the same upload in any order, and one that was changed another one', async () => {
  const dated = (name: string, text: string, lastModified: number): File => new File([text], name, { lastModified })
  const first = await packFiles([dated('a.obj', 'v 0 0 0', 5), dated('a.mtl', 'Kd 0.8', 9)], KINDS)
  const again = await packFiles([dated('a.mtl', 'Kd 0.8', 9), dated('a.obj', 'v 0 0 0', 5)], KINDS)
  expect(await first?.arrayBuffer()).toEqual(await again?.arrayBuffer())
  expect([again?.name, again?.size, again?.lastModified]).toEqual([first?.name, first?.size, 9])
  const changed = await packFiles([dated('a.obj', 'v 0 0 0', 5), dated('a.mtl', 'Kd 0.9', 12)], KINDS)
  expect([changed?.size, changed?.lastModified]).toEqual([first?.size, 12])
})

test('without a scan among them the first file gives the name', () => {
  expect(nameOf([JPG, MTL], KINDS)).toBe('wall.zip')
})

test.each([
  [[], 'File is missing.'],
  [[JPG, MTL], 'No scan.'],
  [[new File([], 'a.ply')], 'Empty.'],
  [[OBJ, new File(['x'.repeat(100)], 'b.jpg')], 'Too large.'],
  [[OBJ, MTL, JPG], null]
])('what is wrong with the files is said: %#', (files: File[], fault) => {
  expect(findFilesFault(files, 'File', WORDS)).toBe(fault)
})

beforeEach(() => {
  document.body.innerHTML = '<input id="file" type="file" multiple>'
})

/** A drag of files over the page, as the browser tells it. */
function drag(kind: string, files: File[]): Event {
  const event = new Event(kind, { bubbles: true, cancelable: true })
  Object.defineProperty(event, 'dataTransfer', { value: { types: ['Files'], files } })
  document.body.dispatchEvent(event)
  return event
}

test('files dropped anywhere are chosen, and never open in place of the page', () => {
  const input = document.querySelector('input') as HTMLInputElement
  const chosen = vi.fn()
  const given: unknown[] = []
  Object.defineProperty(input, 'files', { set: (files) => given.push(files) })
  input.addEventListener('change', chosen)
  let free = true
  listenForDrops(document, input, () => free)
  expect(drag('dragover', [OBJ]).defaultPrevented).toBe(true)
  expect(document.body.hasAttribute('data-dropping')).toBe(true)
  expect(drag('drop', [OBJ]).defaultPrevented).toBe(true)
  expect(document.body.hasAttribute('data-dropping')).toBe(false)
  expect([chosen.mock.calls.length, given]).toEqual([1, [[OBJ]]])
  free = false // one is being sent
  expect(drag('drop', [JPG]).defaultPrevented).toBe(true)
  expect(chosen).toHaveBeenCalledTimes(1)
})
