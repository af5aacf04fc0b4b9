// What journeys measure on a page as it stands; evaluated by tests/journeys/everyone.py, and nothing of it is shipped.
;(() => {
  const INTERACTIVE = 'a[href], button, input, select, summary, [role=button], [tabindex="0"]'
  const seen = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true })

  function describe(element) {
    const words = element.getAttribute('aria-label') ?? element.textContent.trim()
    return `${element.tagName.toLowerCase()}${element.id && `#${element.id}`} "${words.slice(0, 30)}"`
  }

  /** A link within a sentence is as high as its line, as WCAG 2.5.8 allows. */
  function isInSentence(element) {
    if (element.tagName !== 'A' || getComputedStyle(element).display !== 'inline') return false
    const words = element.closest('p, li, dd, td')?.textContent.trim() ?? ''
    return words.length > element.textContent.trim().length
  }

  /** A card's link covers all of the card. */
  function sizeOf(element) {
    const cover = getComputedStyle(element, '::after')
    const whole = cover.position === 'absolute' && cover.content !== 'none' ? element.closest('.card') : null
    return (whole ?? element).getBoundingClientRect()
  }

  /** Things to press that are smaller than a fingertip. The map's marks are left out: each has its row in the list below. */
  function smallTargets(least_px) {
    return [...document.querySelectorAll(INTERACTIVE)]
      .filter((element) => seen(element) && !element.matches('#map a, .skip, canvas') && !isInSentence(element))
      .map((element) => [element, sizeOf(element)])
      .filter(([, { width, height }]) => width > 0 && (width < least_px || height < least_px))
      .map(([element, { width, height }]) => `${describe(element)} ${Math.round(width)}x${Math.round(height)}`)
  }

  /** Parts of the immersive page that lie over one another or reach out of the view. */
  function overlaps() {
    const parts = ['.overlay-top', '.overlay-bottom', '#panel', '#ladder']
      .map((selector) => document.querySelector(selector))
      .filter((part) => part !== null && seen(part) && part.getBoundingClientRect().height > 0)
      .map((part) => [part.id || part.className, part.getBoundingClientRect()])
    const out = parts
      .filter(([, { top, left, right, bottom }]) => top < -1 || left < -1 || right > innerWidth + 1 || bottom > innerHeight + 1)
      .map(([name]) => `${name} reaches out of the view`)
    for (const [i, [name, a]] of parts.entries()) {
      for (const [other, b] of parts.slice(i + 1)) {
        if (a.top < b.bottom - 1 && b.top < a.bottom - 1 && a.left < b.right - 1 && b.left < a.right - 1) {
          out.push(`${name} and ${other} overlap by ${Math.round(Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top))} px`)
        }
      }
    }
    return out
  }

  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
  function rgba(colour) {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }

  const over = ([r, g, b, a], [x, y, z]) => [r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)]

  function luminance(colour) {
    const [r, g, b] = colour.map((value) => {
      const part = value / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }

  function ratio(a, b) {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (light + 0.05) / (dark + 0.05)
  }

  /** The least contrast of an element's words, whatever the camera or the model shows behind what lets it through. */
  function contrastOf(element) {
    const layers = []
    for (let part = element; part !== null; part = part.parentElement) {
      const layer = rgba(getComputedStyle(part).backgroundColor)
      if (layer[3] > 0) layers.push(layer)
      if (layer[3] === 1) break
    }
    const ink = rgba(getComputedStyle(element).color)
    const behind = layers.at(-1)?.[3] === 1 ? [[0, 0, 0]] : [[0, 0, 0], [255, 255, 255]]
    return Math.min(
      ...behind.map((ground) => {
        const paper = layers.reduceRight((below, layer) => over(layer, below), ground)
        return ratio(over(ink, paper), paper)
      })
    )
  }

  /** Words with less contrast than asked for; what is switched off may be paler. */
  function paleWords(least) {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = new Set()
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement
      const isText = walker.currentNode.textContent.trim() !== '' && !element.matches('script, style, template, option')
      if (!isText || !seen(element) || element.closest('svg, :disabled') !== null || element.closest('.aside-voice')) continue
      const contrast = contrastOf(element)
      if (contrast < least) found.add(`${describe(element)} ${contrast.toFixed(2)}`)
    }
    return [...found]
  }

  /** Live regions that would cut in on whoever listens. */
  const rudeRegions = () =>
    [...document.querySelectorAll('[aria-live=assertive], [role=alert], [role=alertdialog]')].map(describe)

  /** What is wrong with where the keyboard is: nothing has the focus, or what has it cannot be seen or shows no mark. */
  function focusFault() {
    const focused = document.activeElement
    if (focused === null || focused === document.body) return ['nothing has the focus']
    const { outlineStyle, outlineWidth } = getComputedStyle(focused)
    const box = focused.getBoundingClientRect()
    if (!seen(focused)) return [`${describe(focused)} has the focus and is not shown`]
    if (box.bottom <= 0 || box.top >= innerHeight) return [`${describe(focused)} has the focus out of the view`]
    const middle_px = Math.min(innerHeight - 1, Math.max(0, (box.top + box.bottom) / 2))
    const there = document.elementFromPoint(box.left + box.width / 2, middle_px)
    const covered = there !== null && !focused.contains(there) && !there.contains(focused)
    if (covered && focused.tagName !== 'CANVAS') {
      return [`${describe(focused)} has the focus under ${describe(there)}`]
    }
    if (focused instanceof SVGElement) return [] // a mark of the map draws a ring of its own
    return outlineStyle === 'none' || outlineWidth === '0px' ? [`${describe(focused)} shows no focus`] : []
  }

  window.measures = { smallTargets, overlaps, paleWords, rudeRegions, focusFault, describe }
})()
