// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from 'vitest'
import { findTooLarge, setUpMediaForm, takeAnswer } from '../../src/media-form'

const words = {
  sent_of: '{sent} of {all}',
  preparing: 'Preparing.',
  lost: 'The connection broke.',
  too_large: '{size} MB, {most} MB at most.',
  signed_out: 'Sign in again.'
}
const FORM = `<div><form id="medium" action="/studio/media/add"><input id="file" name="file" type="file" data-most-mb="30">
  <input id="title" name="title" value="Stair"><button id="send"></button><div id="sending" hidden><progress id="sent"></progress>
  <p id="sent-words"></p></div></form></div>`

/** What the page sends, and what it is told of it. */
class Sent extends EventTarget {
  static last: Sent
  upload = new EventTarget()
  status = 0
  responseText = ''
  responseURL = ''
  body: FormData | null = null
  constructor() {
    super()
    Sent.last = this
  }
  open(): void {}
  send(body: FormData): void {
    this.body = body
  }
  answer(status: number, text: string, url = ''): void {
    Object.assign(this, { status, responseText: text, responseURL: url })
    this.dispatchEvent(new Event('load'))
  }
}

function setUp(size: number): HTMLFormElement {
  document.body.innerHTML = `<main>${FORM}</main>`
  const form = document.querySelector<HTMLFormElement>('#medium') as HTMLFormElement
  const file = size === 0 ? [] : [{ name: 'a.jpg', size }]
  Object.defineProperty(form.querySelector('#file'), 'files', { value: file })
  vi.stubGlobal('XMLHttpRequest', Sent)
  setUpMediaForm(document, form, words)
  return form
}

function submit(form: HTMLFormElement): boolean {
  return form.dispatchEvent(new Event('submit', { cancelable: true }))
}

afterEach(() => vi.unstubAllGlobals())

test('a file that is too large is told before a slow line has carried it', () => {
  expect(findTooLarge({ size: 31e6 } as File, 30, words)).toBe('31 MB, 30 MB at most.')
  expect(findTooLarge({ size: 29e6 } as File, 30, words)).toBeNull()
  expect(findTooLarge(undefined, 30, words)).toBeNull()
  const form = setUp(31e6)
  expect(submit(form)).toBe(false)
  expect(document.querySelector('#problem')?.textContent).toBe('31 MB, 30 MB at most.')
})

test('words alone are sent as any form is', () => {
  expect(submit(setUp(0))).toBe(true)
})

test('progress is shown, and a lost connection gives the button back', () => {
  const form = setUp(2e6)
  submit(form)
  const button = form.querySelector<HTMLButtonElement>('#send')
  expect(button?.disabled).toBe(true)
  Sent.last.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 1e6, total: 2e6 }))
  expect(form.querySelector('#sent-words')?.textContent).toBe('1.0 MB of 2.0 MB')
  Sent.last.upload.dispatchEvent(new Event('load'))
  expect(form.querySelector('#sent-words')?.textContent).toBe('Preparing.')
  Sent.last.dispatchEvent(new Event('error'))
  expect(button?.disabled).toBe(false)
  expect(document.querySelector('#problem')?.textContent).toBe('The connection broke.')
})

test('a session that has ended loses nothing typed', () => {
  const form = setUp(2e6)
  submit(form)
  Sent.last.answer(401, '<main>login</main>')
  expect(document.querySelector('#problem')?.textContent).toBe('Sign in again.')
  expect(document.querySelector<HTMLInputElement>('#title')?.value).toBe('Stair')
})

test('what is wrong stands beside its field, and the form that came back works as the first did', () => {
  const form = setUp(2e6)
  submit(form)
  const back = FORM.replace('<input id="title"', '<input aria-invalid="true" id="title"')
  Sent.last.answer(400, `<html><body><main>${back}</main></body></html>`)
  const now = document.querySelector<HTMLFormElement>('#medium')
  expect(now).not.toBe(form)
  expect(document.activeElement?.id).toBe('title')
  expect(takeAnswer(document, '<main>nothing of the kind</main>')).toBe(false)
})
