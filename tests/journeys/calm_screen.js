// A screen of eight pictures a second, without smoothed edges. Where there is no GPU a picture of a model keeps all
// processors busy for about that long: at sixty a second a page in AR would take them whole, from other journeys too.
;(() => {
  const PICTURE_MS = 125
  const request = window.requestAnimationFrame.bind(window)
  const waiting = new Map()
  let last = -PICTURE_MS
  let number = 0
  let isAsked = false

  const show = (now) => {
    isAsked = false
    last = performance.now()
    for (const asked of [...waiting.keys()]) {
      const draw = waiting.get(asked)
      waiting.delete(asked)
      try {
        draw?.(now)
      } catch (error) {
        reportError(error)
      }
    }
  }
  const ask = () => {
    if (isAsked) return
    isAsked = true
    setTimeout(() => request(show), Math.max(0, last + PICTURE_MS - performance.now()))
  }
  window.requestAnimationFrame = (draw) => {
    number += 1
    waiting.set(number, draw)
    ask()
    return number
  }
  window.cancelAnimationFrame = (asked) => waiting.delete(asked)

  const get = HTMLCanvasElement.prototype.getContext
  HTMLCanvasElement.prototype.getContext = function (kind, options) {
    return get.call(this, kind, kind === 'webgl2' ? { ...options, antialias: false } : options)
  }
})()
