/** A picture or a sound of a scene as part of the page, with what it shows in words and whose it is. */
import type { Media } from '../wire'
import { followCaptions } from './captions'
import { make } from './dom'
import { isQuietDay } from './quiet'
import type { Visit } from './visit'
import type { Words } from './words'

/** Elements for a piece of media. On a day of quiet a sound is told and not played; one that plays into it stops. */
export function layMedia(page: Document, media: Media & { id?: string }, words: Words, visit: Visit): HTMLElement {
  const credit = make(
    page,
    'p',
    { className: 'credit' },
    [words(`grade_${media.provenance}`), media.credit].join(' · ')
  )
  const figure = make(page, 'figure', { className: 'media' })
  if (media.kind === 'image') {
    figure.append(make(page, 'img', { src: media.url, alt: media.alt, loading: 'lazy', decoding: 'async' }))
    if (media.title !== '') figure.append(make(page, 'figcaption', {}, media.title))
  } else {
    figure.append(make(page, 'p', {}, media.title), ...layPlayer(page, media, words, visit))
  }
  figure.append(credit)
  return figure
}

function layPlayer(page: Document, media: Media & { id?: string }, words: Words, visit: Visit): HTMLElement[] {
  const told = media.alt === '' ? [] : [make(page, 'p', { className: 'help' }, media.alt)]
  const quiet = (): boolean => isQuietDay(visit)
  const rest = (): HTMLElement => make(page, 'p', {}, words('sound_quiet'))
  if (quiet()) return [rest(), ...told]
  const player = make(page, 'audio', { controls: true, preload: 'none', src: media.url })
  player.setAttribute('aria-label', media.title)
  player.addEventListener('timeupdate', () => {
    if (!quiet()) return // the page may have been open since yesterday
    player.pause()
    player.replaceWith(rest())
  })
  const { id } = media // one of a point of interest has none: that it was opened is told
  if (id !== undefined)
    player.addEventListener('play', () => visit.tell({ type: 'sound_played', sound: id }), { once: true })
  const captions = media.captions === null ? [] : [followCaptions(player, media.captions, media.language ?? '')]
  return [player, ...captions, ...told]
}
