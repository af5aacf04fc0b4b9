/** The form of a picture or a sound: sent with its progress shown; what is wrong is said on the page that is open. */
import { fill } from './staff'

export interface MediumWords {
  sent_of: string
  preparing: string
  lost: string
  too_large: string
  signed_out: string
}

const SIGNED_OUT = 401

function say(form: HTMLFormElement, sentence: string): void {
  let problem = form.parentElement?.querySelector<HTMLElement>('#problem') ?? null
  if (problem === null) {
    problem = form.ownerDocument.createElement('p')
    problem.id = 'problem'
    problem.className = 'problem'
    problem.setAttribute('role', 'alert')
    form.before(problem)
  }
  problem.textContent = sentence
  problem.scrollIntoView({ block: 'nearest' })
}

/** A sentence when the chosen file is larger than may be sent, before a slow line has carried it. */
export function findTooLarge(file: File | undefined, mostMb: number, words: MediumWords): string | null {
  const size = (file?.size ?? 0) / 1e6
  return size > mostMb ? fill(words.too_large, { size: size.toFixed(0), most: mostMb }) : null
}

/** Put the form that came back, with its faults beside the fields, in place of the one that was sent; false without one. */
export function takeAnswer(page: Document, html: string): boolean {
  const answer = new DOMParser().parseFromString(html, 'text/html')
  const [theirs, ours] = [answer.querySelector('main'), page.querySelector('main')]
  if (theirs?.querySelector('#medium') == null || ours === null) return false
  ours.replaceChildren(...theirs.childNodes)
  return true
}

/** Send the form with progress; without this script it is sent as any form is. */
export function setUpMediaForm(page: Document, form: HTMLFormElement, words: MediumWords): void {
  form.addEventListener('submit', (event) => {
    const input = form.querySelector<HTMLInputElement>('#file')
    const file = input?.files?.[0]
    if (file === undefined) return // nothing to wait for
    event.preventDefault()
    const large = findTooLarge(file, Number(input?.getAttribute('data-most-mb')), words)
    if (large !== null) say(form, large)
    else send(page, form, words)
  })
}

function send(page: Document, form: HTMLFormElement, words: MediumWords): void {
  const button = form.querySelector<HTMLButtonElement>('#send')
  const told = form.querySelector<HTMLElement>('#sent-words')
  const bar = form.querySelector<HTMLProgressElement>('#sent')
  const sending = form.querySelector<HTMLElement>('#sending')
  if (button === null || told === null || bar === null || sending === null) {
    form.submit()
    return
  }
  const request = new XMLHttpRequest()
  const end = (sentence: string): void => {
    button.disabled = false
    sending.hidden = true
    say(form, sentence)
  }
  request.upload.addEventListener('progress', (event) => {
    bar.value = event.total === 0 ? 0 : event.loaded / event.total
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
    told.textContent = fill(words.sent_of, { sent: megabytes(event.loaded), all: megabytes(event.total) })
  })
  request.upload.addEventListener('load', () => {
    bar.removeAttribute('value')
    told.textContent = words.preparing
  })
  request.addEventListener('error', () => end(words.lost))
  request.addEventListener('load', () => {
    if (request.status < 300) window.location.assign(request.responseURL)
    else if (request.status === SIGNED_OUT) end(words.signed_out)
    else if (takeAnswer(page, request.responseText)) settle(page, words)
    else end(words.lost)
  })
  button.disabled = true
  sending.hidden = false
  request.open('POST', form.action)
  request.send(new FormData(form))
}

/** The form that came back works as the first did, and the first thing amiss is in sight. */
function settle(page: Document, words: MediumWords): void {
  const form = page.querySelector<HTMLFormElement>('#medium')
  if (form !== null) setUpMediaForm(page, form, words)
  const amiss = page.querySelector<HTMLElement>('[aria-invalid="true"]') ?? page.querySelector<HTMLElement>('#problem')
  amiss?.focus()
  amiss?.scrollIntoView({ block: 'center' })
}
