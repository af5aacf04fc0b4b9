// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { forgetVisitor, keepPages, takeIn, watchIdle } from '../src/kiosk'
import { makeWords } from '../src/ui/words'

const TEXTS = JSON.parse(readFileSync('../xr_server/texts/en/kiosk.json', 'utf8')) as Record<string, string>
const WORDS = makeWords(
  Object.fromEntries(Object.entries(TEXTS).map(([key, text]) => [key.replace('page_', ''), text])),
  'en'
)
const PATIENCE = { after_s: 30, question_s: 15 }

let anew = vi.fn()
let stop = (): void => undefined

function dialog(): HTMLDialogElement {
  return document.querySelector('dialog') as HTMLDialogElement
}

function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000)
}

beforeEach(() => {
  vi.useFakeTimers()
  document.body.innerHTML = `<main><p id="read">read</p></main><dialog id="still"><p class="still-left"></p>
    <button id="stay">stay</button><button id="anew">anew</button></dialog>`
  anew = vi.fn()
  stop = watchIdle(window, PATIENCE, WORDS, anew)
})

afterEach(() => {
  stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('nobody there: it asks, counts the seconds, and begins anew once', () => {
  pass(29)
  expect(dialog().open).toBe(false)
  pass(1)
  expect(dialog().open).toBe(true)
  expect(dialog().textContent).toContain('In 15 seconds')
  pass(14)
  expect(dialog().textContent).toContain('In 1 seconds')
  expect(anew).not.toHaveBeenCalled()
  pass(1)
  expect(anew).toHaveBeenCalledOnce()
  pass(300)
  expect(anew).toHaveBeenCalledOnce()
})

test.each(['pointerdown', 'keydown', 'scroll', 'wheel', 'input'])('%s says that somebody is there', (kind) => {
  pass(29)
  document.querySelector('#read')?.dispatchEvent(new Event(kind, { bubbles: true }))
  pass(29)
  expect(dialog().open).toBe(false)
  pass(1)
  expect(dialog().open).toBe(true)
})

test('the question is answered by its buttons and by Escape, and by nothing beside it', () => {
  pass(32)
  document.body.dispatchEvent(new Event('pointerdown', { bubbles: true }))
  expect(dialog().open).toBe(true)
  document.querySelector<HTMLElement>('#stay')?.click()
  expect(dialog().open).toBe(false)
  pass(31)
  expect(dialog().open).toBe(true)
  dialog().dispatchEvent(new Event('cancel'))
  pass(29)
  expect(anew).not.toHaveBeenCalled()
  pass(1)
  document.querySelector<HTMLElement>('#anew')?.click()
  expect(anew).toHaveBeenCalledOnce()
})

test('nothing of a visitor is left for the next one', () => {
  const cancel = vi.fn()
  vi.stubGlobal('speechSynthesis', { cancel })
  localStorage.setItem('consent', 'statistics')
  sessionStorage.setItem('group-step', 'ABCDEF 3')
  // biome-ignore lint/suspicious/noDocumentCookie: as the page of visitors sets it
  document.cookie = 'lang=ko; path=/'
  forgetVisitor(window)
  expect([localStorage.length, sessionStorage.length, document.cookie]).toEqual([0, 0, ''])
  expect(cancel).toHaveBeenCalledOnce()
})

test('what is closed or on now is taken in while somebody reads, and what is read stays', () => {
  document.body.innerHTML = '<p id="read">read</p><div data-live="notices"></div><div data-live="gone">old</div>'
  const read = document.getElementById('read')
  const newer = new DOMParser().parseFromString(
    '<p id="read">other</p><div data-live="notices"><p>Closed today</p></div>',
    'text/html'
  )
  takeIn(document, newer)
  expect(document.querySelector('[data-live="notices"]')?.textContent).toBe('Closed today')
  expect(document.getElementById('read')).toBe(read)
  expect(read?.textContent).toBe('read')
  expect(document.querySelector('[data-live="gone"]')?.textContent).toBe('old')
})

/** A cache that stands for the browser's, and a server whose answers can stop. */
function makeStore(answers: number) {
  const kept = new Map<string, Response>()
  const asked: string[] = []
  const cache = {
    match: async (url: string) => kept.get(url)?.clone(),
    put: async (url: string, answer: Response) => void kept.set(url, answer)
  }
  const fetched = async (url: string): Promise<Response> => {
    asked.push(url)
    if (asked.length > answers) throw new TypeError('no network')
    return new Response('<img src="/packages/a/poster.webp">', { headers: { date: new Date().toUTCString() } })
  }
  vi.stubGlobal('caches', { open: async () => cache })
  vi.spyOn(window, 'fetch').mockImplementation((url) => fetched(String(url)))
  return { kept, asked }
}

test('every page is kept with its pictures, the first one last, and not again within ten minutes', async () => {
  const pages = ['/kiosk/dejima', '/kiosk/dejima/ja/', '/kiosk/dejima/en/']
  const { kept, asked } = makeStore(100)
  await keepPages(window, pages)
  expect([...kept.keys()]).toEqual(['/kiosk/dejima/ja/', '/kiosk/dejima/en/', '/kiosk/dejima'])
  expect(asked.filter((url) => url.endsWith('poster.webp'))).toHaveLength(3)
  const before = asked.length
  pass(599)
  await keepPages(window, pages)
  expect(asked).toHaveLength(before)
  pass(2)
  await keepPages(window, pages)
  expect(asked).toHaveLength(2 * before)
})

test('a connection that breaks while pages are kept leaves the work to the next time', async () => {
  const { kept } = makeStore(2)
  await keepPages(window, ['/kiosk/dejima', '/kiosk/dejima/ja/', '/kiosk/dejima/en/'])
  expect([...kept.keys()]).toEqual(['/kiosk/dejima/ja/'])
})
