// A phone that can do AR, for journeys: iwer's WebXR with a flat floor, and thin shims for what iwer lacks.
// Injected after iwer.min.js by Playwright's add_init_script; nothing of it is shipped.
// Journeys hold the phone by window.phone: its device, tap(), lose(), find().
;(() => {
  const { XRDevice, XRFrame, XRRigidTransform } = window.IWER
  const EYES_M = 1.5
  const LOOK_DOWN_RAD = -0.45

  /** What the camera would show, behind everything: a plain street. */
  function paintStreet(canvas) {
    Object.assign(canvas.style, { position: 'absolute', inset: 0, width: '100%', height: '100%' })
    const pen = canvas.getContext('2d')
    for (const [colour, from] of [['#b9c9d2', 0], ['#8d8a80', 0.38], ['#6f6c64', 0.45]]) {
      pen.fillStyle = colour
      pen.fillRect(0, canvas.height * from, canvas.width, canvas.height)
    }
    return canvas
  }

  /** A floor at height 0, in the shape iwer asks of a synthetic environment: matrices of where a ray meets it. */
  class FlatFloor {
    version = '1'
    environmentCanvas = paintStreet(document.createElement('canvas'))
    trackedPlanes = new Set()
    trackedMeshes = new Set()
    render() {}
    computeDepthBuffer() {
      return null
    }
    computeHitTestResults(ray) {
      const [x, y, z] = [ray[12], ray[13], ray[14]]
      const [dx, dy, dz] = [-ray[8], -ray[9], -ray[10]]
      if (!window.phone.hasFloor || dy >= 0) return []
      const far = -y / dy
      return [new Float32Array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x + dx * far, 0, z + dz * far, 1])]
    }
  }

  const device = new XRDevice(
    {
      name: 'a phone',
      controllerConfig: undefined,
      supportedSessionModes: ['inline', 'immersive-ar'],
      supportedFeatures: ['viewer', 'local', 'local-floor', 'unbounded', 'anchors', 'hit-test', 'dom-overlay'],
      supportedFrameRates: [60],
      isSystemKeyboardSupported: false,
      internalNominalFrameRate: 60,
      environmentBlendModes: { 'immersive-ar': 'alpha-blend' },
      interactionMode: 'screen-space',
      userAgent: navigator.userAgent
    },
    { stereoEnabled: false }
  )
  device.installSEM(FlatFloor)
  device.installRuntime({ forceInstall: true })
  device.position.set(0, EYES_M, 0)
  device.quaternion.set(Math.sin(LOOK_DOWN_RAD / 2), 0, 0, Math.cos(LOOK_DOWN_RAD / 2))

  let session = null
  let overlay = null
  let local = null
  const phone = {
    device,
    hasFloor: true,
    hasOverlay: true,
    lost: false,
    sessions: 0,
    isRunning: () => session !== null,
    /** A tap on the glass, on an element of the overlay or beside them all. */
    tap(element) {
      const target = element ?? overlay ?? document.body
      const meant = target.dispatchEvent(new Event('beforexrselect', { bubbles: true, cancelable: true }))
      if (meant) session.dispatchEvent(new Event('select'))
    },
    end: () => session.end(),
    /** Look level in a direction of the tracked frame, clockwise from ahead. */
    face(heading_deg) {
      const half = (-heading_deg * Math.PI) / 360
      device.quaternion.set(0, Math.sin(half), 0, Math.cos(half))
    },
    /** The tracked frame begins anew, as after a long loss. */
    reset: () => local.dispatchEvent(new Event('reset'))
  }
  window.phone = phone

  /** The overlay's root in the top layer, as a browser puts it there. */
  function lift(root) {
    root.popover = 'manual'
    Object.assign(root.style, { position: 'fixed', inset: 0, width: '100%', height: '100%', maxWidth: 'none' })
    Object.assign(root.style, { maxHeight: 'none', margin: 0, border: 0, padding: 0, background: 'none' })
    root.showPopover()
  }

  function lower(root) {
    root.hidePopover()
    root.removeAttribute('popover')
    root.removeAttribute('style')
  }

  // iwer names dom-overlay and does not carry it out: its state, and the root above the canvas
  const request = navigator.xr.requestSession.bind(navigator.xr)
  navigator.xr.requestSession = async (mode, options = {}) => {
    if (phone.refuses) throw new DOMException('the visitor said no', 'NotAllowedError')
    session = await request(mode, { ...options, optionalFeatures: [...(options.optionalFeatures ?? []), 'unbounded'] })
    // iwer's `local` leans as the phone happens to; a real one stands upright at the eyes
    const getSpace = session.requestReferenceSpace.bind(session)
    session.requestReferenceSpace = async (type) => {
      if (type !== 'local') return getSpace(type)
      const ground = await getSpace('unbounded')
      local = ground.getOffsetReferenceSpace(new XRRigidTransform({ x: 0, y: EYES_M, z: 0 }))
      return local
    }
    phone.sessions += 1
    overlay = phone.hasOverlay ? (options.domOverlay?.root ?? null) : null
    if (overlay !== null) {
      Object.defineProperty(session, 'domOverlayState', { value: { type: 'screen' } })
      lift(overlay)
    }
    session.addEventListener('end', () => {
      if (overlay !== null) lower(overlay)
      session = null
    })
    return session
  }

  const getViewerPose = XRFrame.prototype.getViewerPose
  XRFrame.prototype.getViewerPose = function (space) {
    return phone.lost ? null : getViewerPose.call(this, space)
  }
})()
