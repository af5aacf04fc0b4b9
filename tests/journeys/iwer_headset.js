// A headset, for journeys: iwer's own model of one. Injected after iwer.min.js; nothing of it is shipped.
;(() => {
  const { XRDevice, metaQuest3 } = window.IWER
  const device = new XRDevice(metaQuest3)
  device.installRuntime({ forceInstall: true })
  device.position.set(0, 1.7, 0)
  const headset = { device, session: null }
  window.headset = headset
  const request = navigator.xr.requestSession.bind(navigator.xr)
  navigator.xr.requestSession = async (mode, options) => {
    if (headset.refuses) throw new DOMException('the visitor said no', 'NotAllowedError')
    headset.session = await request(mode, options)
    headset.session.addEventListener('end', () => {
      headset.session = null
    })
    return headset.session
  }
})()
