import { expect, test } from 'vitest'
import { bearingDeg, distanceM } from '../../src/geo/distance'

const gate = { lat: 32.7434, lon: 129.8728 }

test('a degree of latitude is 111.195 km on the mean sphere', () => {
  expect(distanceM({ lat: 32, lon: 129 }, { lat: 33, lon: 129 })).toBeCloseTo(111195.08, 1)
})

test('distance is zero at the place itself and the same both ways', () => {
  const bridge = { lat: 32.7441, lon: 129.8742 }
  expect(distanceM(gate, gate)).toBe(0)
  expect(distanceM(gate, bridge)).toBeCloseTo(distanceM(bridge, gate), 9)
})

test('bearings run clockwise from true north', () => {
  expect(bearingDeg(gate, { lat: gate.lat + 0.001, lon: gate.lon })).toBeCloseTo(0, 6)
  expect(bearingDeg(gate, { lat: gate.lat, lon: gate.lon + 0.001 })).toBeCloseTo(90, 2)
  expect(bearingDeg(gate, { lat: gate.lat, lon: gate.lon - 0.001 })).toBeCloseTo(270, 2)
})
