/** LocAR's own shipped code on what a phone told: its fixes, its Mercator scene, its compass-driven camera. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { placeAt } from './ours.mjs'
import { wrap } from './visits.mjs'

const DEG = Math.PI / 180

/** Load LocAR and the three.js it asks for from a folder of installed packages; what it wants of a browser is given. */
export async function loadLocar(folder) {
  const heard = new Map()
  globalThis.window = {
    ondeviceorientationabsolute: null,
    screen: { orientation: { angle: 0 } },
    addEventListener: (name, listener) => heard.set(name, listener),
    removeEventListener: (name) => heard.delete(name),
    dispatchEvent: () => true
  }
  const require = createRequire(pathToFileURL(`${folder}/`))
  const open = (name) => import(pathToFileURL(require.resolve(name)).href)
  const three = await open('three')
  const locar = await import(pathToFileURL(require.resolve('locar').replace('locar.umd.js', 'locar.es.js')).href)
  return { three, locar, heard }
}

/** What is seen at each moment through LocAR as it is shipped, with its own options. */
export function followLocar({ three, locar, heard }, visit, sensed, { turned_deg = 0 } = {}) {
  const scene = new three.Scene()
  const camera = new three.PerspectiveCamera()
  const located = new locar.LocationBased(scene, camera)
  const controls = new locar.DeviceOrientationControls(camera)
  controls.connect()
  const turn = heard.get('deviceorientationabsolute')
  const objects = new Map()
  const seen = sensed.told.map((moment) => {
    if (moment.fix !== null) {
      const { lat, lon } = placeAt(moment.fix)
      located.fakeGps(lon, lat, null, moment.fix.accuracy_m)
      if (objects.size === 0) addMarks(three, located, visit, objects)
    }
    // upright, so alpha alone is where the camera looks: counter-clockwise from the compass's north
    const alpha = (((-moment.magnetic_deg - turned_deg) % 360) + 360) % 360
    turn({ alpha, beta: 90, gamma: 0 })
    controls.update()
    camera.updateMatrixWorld(true)
    const inverse = camera.matrixWorldInverse.copy(camera.matrixWorld).invert().clone()
    return { see: (mark) => seeObject(objects.get(mark), inverse), doubt: null }
  })
  controls.disconnect()
  return { seen, asked: 0 }
}

function addMarks(three, located, visit, objects) {
  for (const mark of visit.marks) {
    const object = new three.Mesh()
    const { lat, lon } = placeAt(mark)
    located.add(object, lon, lat, 0)
    objects.set(mark, object)
  }
}

function seeObject(object, inverse) {
  const { x, z } = object.position.clone().applyMatrix4(inverse)
  return { right_m: x, ahead_m: -z }
}

/** The heading that a seen place has beside straight ahead. */
export function asideOf({ right_m, ahead_m }) {
  return wrap(Math.atan2(right_m, ahead_m)) / DEG
}
