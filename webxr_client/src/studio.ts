/** Pages of creators: sending a scan, and watching it being built. */
import './studio.css'
import { type MediumWords, setUpMediaForm } from './media-form'
import { createPace, sayLeft } from './pace'
import { setUpPicking } from './picking'
import { setUpPlacing } from './placing'
import { listenForDrops, nameOf, packFiles } from './scan-files'
import { followScan } from './scan-progress'
import { fetchToken, findFault, type Listener, prepareUpload, type Refusal, type UploadWords } from './scan-upload'
import { fill, foldMenu, listenForShortcuts, readData } from './staff'

type Upload = Awaited<ReturnType<typeof prepareUpload>>

function get<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element as T
}

/** The form and everything it shows while a scan is being sent. */
class UploadPage {
  private upload: Upload | null = null
  private running = false
  private packing = false
  private pace = createPace()

  constructor(
    private readonly form: HTMLFormElement,
    private readonly words: UploadWords
  ) {
    get('needs-script').hidden = true
    get<HTMLButtonElement>('send').disabled = false
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.send()
    })
    get('pause').addEventListener('click', () => (this.running ? this.pause() : void this.goOn()))
    get('stop').addEventListener('click', () => void this.stop())
    const file = get<HTMLInputElement>('file')
    file.addEventListener('change', () => this.hearFiles())
    listenForDrops(document, file, () => this.upload === null && !this.packing)
    window.addEventListener('online', () => {
      if (this.upload !== null && !this.running) void this.goOn()
    })
  }

  private get files(): File[] {
    return [...(get<HTMLInputElement>('file').files ?? [])]
  }

  private hearFiles(): void {
    const { files, words } = this
    const name = files.length > 1 ? nameOf(files, words.kinds) : files[0]?.name
    get('files-chosen').textContent =
      files.length > 1 && name !== undefined ? fill(words.chosen, { count: files.length, name }) : ''
    const title = get<HTMLInputElement>('title')
    if (title.value === '' && name !== undefined) title.value = name.replace(/\.[^.]+$/, '').replace(/[_-]+/g, ' ')
  }

  private findFirstFault(): boolean {
    const fields = this.form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')
    for (const field of fields) field.removeAttribute('aria-invalid')
    for (const field of fields) {
      const fault = findFault(field, this.words)
      if (fault === null) continue
      field.setAttribute('aria-invalid', 'true')
      this.tell(fault)
      const folded = field.closest('details')
      if (folded !== null) folded.open = true
      field.focus()
      return true
    }
    return false
  }

  private tell(sentence: string): void {
    const problem = get('upload-problem')
    problem.textContent = sentence
    problem.hidden = sentence === ''
    get('sign-in-again').hidden = true
  }

  private halt(refusal: Refusal): void {
    this.tell(refusal.sentence)
    get('sign-in-again').hidden = !refusal.signedOut
    this.showPaused()
  }

  private show(state: string, word: string): void {
    const badge = get('upload-state')
    badge.textContent = word
    badge.className = `state state-${state}`
  }

  private async send(): Promise<void> {
    this.tell('')
    const { files, words } = this
    if (this.packing || this.findFirstFault()) return
    if (files.length > 1) this.show('none', fill(words.packing, { count: files.length }))
    this.packing = true
    const file = await packFiles(files, words.kinds).catch(() => null)
    this.packing = false
    if (file === null) {
      this.show('none', words.none)
      this.tell(words.unreadable) // a folder, or a file that has gone
      return
    }
    this.upload = await prepareUpload(this.form, file, this.words, this.listener())
    get('sending').hidden = false
    get('send').hidden = true
    await this.goOn()
  }

  private listener(): Listener {
    return {
      onProgress: (sent, all) => this.showProgress(sent, all),
      onRetry: () => this.tell(this.words.again),
      onError: (refusal) => this.halt(refusal),
      onDone: (scanId) => {
        this.show('waiting', this.words.waiting)
        window.location.assign(`/studio/scans/${scanId}`)
      }
    }
  }

  private showProgress(sent: number, all: number): void {
    if (this.running) this.tell('')
    get<HTMLProgressElement>('sent').value = all === 0 ? 0 : sent / all
    const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
    const { words } = this
    const said = [fill(words.sent_of, { sent: megabytes(sent), all: megabytes(all) })]
    const pace = this.running ? this.pace(sent, all, performance.now()) : null
    if (pace !== null) said.push(fill(words.pace, { speed: megabytes(pace.per_s) }), sayLeft(pace.left_s, words.left))
    get('sent-words').textContent = said.join(' · ')
  }

  private async goOn(): Promise<void> {
    const upload = this.upload
    if (upload === null) return
    this.running = true
    this.pace = createPace()
    this.show('receiving', this.words.receiving)
    get('pause').textContent = this.words.pause
    try {
      const token = await fetchToken()
      if (token === null) return this.halt({ sentence: this.words.signed_out, signedOut: true })
      upload.options.headers = { 'X-CSRF-Token': token }
    } catch {
      return this.halt({ sentence: this.words.lost, signedOut: false })
    }
    if (this.running && this.upload === upload) upload.start() // unless it was paused or stopped meanwhile
  }

  private pause(): void {
    void this.upload?.abort()
    this.showPaused()
  }

  private showPaused(): void {
    this.running = false
    this.show('paused', this.words.paused)
    get('pause').textContent = this.words.resume
  }

  private async stop(): Promise<void> {
    this.running = false
    await this.upload?.abort(true)
    this.upload = null
    this.show('none', this.words.none)
    get('sending').hidden = true
    get('send').hidden = false
  }
}

listenForShortcuts(document)
foldMenu(document)

const uploadWords = readData<UploadWords>(document, 'upload-words')
const form = document.querySelector<HTMLFormElement>('#upload')
if (uploadWords !== null && form !== null) new UploadPage(form, uploadWords)

const scanWords = readData<Parameters<typeof followScan>[2]>(document, 'scan-words')
const live = document.getElementById('live')
if (scanWords !== null && live !== null) followScan(document, live, scanWords)

const placing = document.querySelector<HTMLFormElement>('#placing')
if (placing !== null) setUpPlacing(document, placing)

if (document.getElementById('compared') !== null) {
  void import('./compare').then(({ setUpComparing }) => setUpComparing(document))
}
const composing = document.querySelector<HTMLFormElement>('#composing')
if (composing !== null) void import('./composing').then(({ setUpComposing }) => setUpComposing(document, composing))

const mediumWords = readData<MediumWords>(document, 'medium-words')
const medium = document.querySelector<HTMLFormElement>('#medium')
if (mediumWords !== null && medium !== null) setUpMediaForm(document, medium, mediumWords)

const picking = document.querySelector<HTMLFormElement>('#picking')
if (picking !== null) setUpPicking(document, picking)
