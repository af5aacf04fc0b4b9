// What a page draws with WebGL 2, counted from outside: `window.drawing.frames` holds calls, triangles and milliseconds
// of script of every frame that drew something, `drawing.texture_bytes()` what all its textures hold now.
;(() => {
  const gl = WebGL2RenderingContext.prototype
  const frames = []
  const textures = new Map()
  let now = { calls: 0, triangles: 0 }
  const wrap = (name, before) => {
    const own = gl[name]
    gl[name] = function (...given) {
      before(this, given)
      return own.apply(this, given)
    }
  }
  const count = (mode, corners) => {
    now.calls += 1
    if (mode === 4) now.triangles += corners / 3
  }
  wrap('drawElements', (_, [mode, corners]) => count(mode, corners))
  wrap('drawArrays', (_, [mode, _first, corners]) => count(mode, corners))
  const hold = (context, target, width, height, mips) => {
    if (target !== context.TEXTURE_2D) return
    const texture = context.getParameter(context.TEXTURE_BINDING_2D)
    textures.set(texture, width * height * 4 * (mips ? 4 / 3 : 1))
  }
  wrap('texStorage2D', (context, [target, levels, , width, height]) => hold(context, target, width, height, levels > 1))
  wrap('texImage2D', (context, given) => {
    if (given[1] !== 0) return
    const source = given.length > 6 ? { width: given[3], height: given[4] } : given[5]
    hold(context, given[0], source.width, source.height, false)
  })
  wrap('deleteTexture', (_, [texture]) => textures.delete(texture))
  const request = window.requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (draw) =>
    request((time) => {
      now = { calls: 0, triangles: 0 }
      const began = performance.now()
      draw(time)
      if (now.calls > 0) frames.push({ ...now, script_ms: performance.now() - began })
    })
  window.drawing = { frames, texture_bytes: () => [...textures.values()].reduce((sum, bytes) => sum + bytes, 0) }
})()
