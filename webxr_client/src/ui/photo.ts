/** A picture of the scene to keep or to pass on, with the line that says what it shows and whose it is. */

export interface Photo {
  title: string
  credit: string
}

const WIDTH_PX = 1600

/** The scene on its ground with the credit below it, as JPEG. */
export async function makePhoto(
  page: Document,
  scene: CanvasImageSource & { width: number; height: number },
  photo: Photo
): Promise<Blob | null> {
  const { background, ink, face } = readLook(page)
  const scale = Math.min(1, WIDTH_PX / scene.width)
  const [width, height] = [Math.round(scene.width * scale), Math.round(scene.height * scale)]
  const line = Math.max(16, Math.round(width / 34))
  const picture = page.createElement('canvas')
  const context = picture.getContext('2d')
  if (context === null) return null
  picture.width = width
  context.font = fontOf(line, face)
  const credit = wrap(context, photo.credit, width - 2 * line)
  picture.height = height + Math.round(line * (3.4 + 1.5 * credit.length))
  context.fillStyle = background
  context.fillRect(0, 0, picture.width, picture.height)
  context.drawImage(scene, 0, 0, width, height)
  context.fillStyle = ink
  context.font = `bold ${fontOf(line * 1.2, face)}`
  context.fillText(photo.title, line, height + line * 1.9, width - 2 * line)
  context.font = fontOf(line, face)
  for (const [i, text] of credit.entries()) context.fillText(text, line, height + line * (3.5 + 1.5 * i))
  return new Promise((done) => picture.toBlob(done, 'image/jpeg', 0.9))
}

function readLook(page: Document): { background: string; ink: string; face: string } {
  const style = getComputedStyle(page.documentElement)
  const value = (name: string): string => style.getPropertyValue(name).trim()
  return { background: value('--plaster'), ink: value('--ink'), face: value('--body-face') }
}

function fontOf(size_px: number, face: string): string {
  return `${Math.round(size_px)}px ${face}`
}

/** Lines that fit a width; Japanese breaks between any two letters, others at spaces. */
function wrap(context: CanvasRenderingContext2D, text: string, width_px: number): string[] {
  const lines: string[] = []
  for (const word of text.match(
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+\s*|\s+/gu
  ) ?? []) {
    const last = lines.at(-1)
    if (last !== undefined && context.measureText(last + word).width <= width_px) lines[lines.length - 1] = last + word
    else lines.push(word)
  }
  return lines
}

/** Hand a picture to the phone's own way of sharing, or else save it; nothing is sent by us. True when it left the page. */
export async function passOn(view: Window, picture: Blob, title: string): Promise<boolean> {
  const file = new File([picture], 'dejima.jpg', { type: picture.type })
  const data: ShareData = { files: [file], title }
  if (view.navigator.canShare?.(data)) {
    try {
      await view.navigator.share(data)
      return true
    } catch (error) {
      if ((error as DOMException).name === 'AbortError') return false // the visitor thought better of it
    }
  }
  const link = view.document.createElement('a')
  link.href = URL.createObjectURL(picture)
  link.download = file.name
  link.click()
  view.setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  return true
}
