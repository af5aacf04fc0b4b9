// An iPhone's ways, for journeys: sensors that must be asked for inside a tap, a compass heading of its own, Quick Look.
// Injected by Playwright's add_init_script; nothing of it is shipped. Journeys hold it by window.iphone.
;(() => {
  const iphone = {
    alpha_deg: 0,
    beta_deg: 90,
    gamma_deg: 0,
    compass_deg: 0,
    compassOff_deg: 10,
    hasCompass: true,
    speaks: true,
    said: 0,
    walks: false,
    allowsMotion: true,
    asked: [],
    streams: [],
    isCameraOn: () => iphone.streams.some((stream) => stream.getTracks().some(({ readyState }) => readyState === 'live'))
  }
  window.iphone = iphone

  /** As Safari: the question comes only inside a tap. */
  function ask(name) {
    iphone.asked.push(name)
    if (!navigator.userActivation.isActive) return Promise.reject(new DOMException('not in a tap', 'NotAllowedError'))
    return Promise.resolve(iphone.allowsMotion ? 'granted' : 'denied')
  }
  DeviceOrientationEvent.requestPermission = () => ask('orientation')
  DeviceMotionEvent.requestPermission = () => ask('motion')

  const supports = DOMTokenList.prototype.supports
  DOMTokenList.prototype.supports = function (token) {
    return token === 'ar' || supports.call(this, token)
  }

  const getUserMedia = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices)
  if (getUserMedia !== undefined) {
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      iphone.asked.push('camera')
      const stream = await getUserMedia(constraints)
      iphone.streams.push(stream)
      return stream
    }
  }

  iphone.say = () => {
    const told = { alpha: iphone.alpha_deg, beta: iphone.beta_deg, gamma: iphone.gamma_deg, absolute: false }
    const compass = { webkitCompassHeading: iphone.compass_deg, webkitCompassAccuracy: iphone.compassOff_deg }
    const event = new Event('deviceorientation')
    for (const [name, value] of Object.entries({ ...told, ...(iphone.hasCompass ? compass : {}) })) {
      Object.defineProperty(event, name, { value })
    }
    window.dispatchEvent(event)
    iphone.said += 1
  }
  const STEPS_HZ = 1.8
  /** Shaken as by somebody who walks, or lying still; gravity in it, as the sensor has. */
  function shake() {
    const bounce = iphone.walks ? 1.8 * Math.sin(2 * Math.PI * STEPS_HZ * (performance.now() / 1000)) : 0
    const event = new Event('devicemotion')
    Object.defineProperty(event, 'accelerationIncludingGravity', { value: { x: 0, y: -9.81 - bounce, z: 0 } })
    window.dispatchEvent(event)
  }
  setInterval(() => {
    if (iphone.asked.includes('motion') && iphone.allowsMotion) shake()
  }, 20)
  setInterval(() => {
    if (iphone.speaks && iphone.asked.includes('orientation') && iphone.allowsMotion) iphone.say()
  }, 100)
})()
