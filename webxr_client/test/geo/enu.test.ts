import { expect, test } from 'vitest'
import { geodeticToEnu, headingDeg, poseInScene } from '../../src/geo/enu'

const GATE = { lat: 32.7434, lon: 129.8728, h: 34.5 }

/** Quaternion of a level model turned to a compass heading, as asset_pipeline/geopose.py makes it. */
function turned(heading_deg: number): { x: number; y: number; z: number; w: number } {
  const half = (-heading_deg * Math.PI) / 360
  return { x: 0, y: 0, z: Math.sin(half), w: Math.cos(half) }
}

test('the origin lies in the middle', () => {
  for (const part of geodeticToEnu(GATE, GATE)) expect(part).toBeCloseTo(0, 9)
})

test('a thousandth of a degree north and east is what the ellipsoid says', () => {
  // PROJ's topocentric conversion gives north 110.900512 and east 93.723297
  const [, north] = geodeticToEnu({ ...GATE, lat: GATE.lat + 0.001 }, GATE)
  const [east] = geodeticToEnu({ ...GATE, lon: GATE.lon + 0.001 }, GATE)
  expect(north).toBeCloseTo(110.900512, 5)
  expect(east).toBeCloseTo(93.723297, 5)
})

test('in the scene north is away (-z) and height is up', () => {
  const { position } = poseInScene(
    { position: { ...GATE, lat: GATE.lat + 0.001, h: 36.5 }, quaternion: turned(0) },
    GATE
  )
  expect(position[2]).toBeLessThan(-110)
  expect(position[1]).toBeCloseTo(2, 2)
})

test('a model turned to the east points its -z axis to the east', () => {
  const { quaternion } = poseInScene({ position: GATE, quaternion: turned(90) }, GATE)
  const [x = 0, y = 0, z = 0, w = 0] = quaternion
  // the -z axis turned by the quaternion: -(2xz + 2wy), -(2yz - 2wx), -(1 - 2x² - 2y²)
  expect(-(2 * x * z + 2 * w * y)).toBeCloseTo(1, 9)
  expect(-(1 - 2 * x * x - 2 * y * y)).toBeCloseTo(0, 9)
})

test.each([0, 45, 90, 180, 270, 359])('a heading of %d degrees is read back', (heading_deg) => {
  const read_deg = headingDeg({ position: GATE, quaternion: turned(heading_deg) })
  expect(Math.abs(((read_deg - heading_deg + 540) % 360) - 180)).toBeLessThan(1e-6)
})
