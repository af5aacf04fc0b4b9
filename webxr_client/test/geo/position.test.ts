import { expect, test } from 'vitest'
import { type PositionState, queryPermission, watchPosition } from '../../src/geo/position'

/** The phone's sensor, worked by hand. */
class HandSensor {
  private found: PositionCallback = () => undefined
  private failed: PositionErrorCallback = () => undefined
  stopped: number[] = []

  watchPosition(found: PositionCallback, failed?: PositionErrorCallback | null): number {
    this.found = found
    this.failed = failed ?? (() => undefined)
    return 7
  }
  clearWatch(id: number): void {
    this.stopped.push(id)
  }
  fix(
    latitude: number,
    longitude: number,
    accuracy: number,
    way: { heading?: number | null; speed?: number } = {}
  ): void {
    this.found({ coords: { latitude, longitude, accuracy, ...way } } as GeolocationPosition)
  }
  fail(code: number): void {
    this.failed({ code } as GeolocationPositionError)
  }
}

function watch(): { sensor: HandSensor; heard: PositionState[]; stop: () => void } {
  const sensor = new HandSensor()
  const heard: PositionState[] = []
  const stop = watchPosition(sensor as unknown as Geolocation, (state) => heard.push(state))
  return { sensor, heard, stop }
}

test('first it asks, then fixes come', () => {
  const { sensor, heard } = watch()
  sensor.fix(32.7, 129.8, 6)
  expect(heard).toEqual([{ kind: 'asking' }, { kind: 'granted', fix: { lat: 32.7, lon: 129.8, accuracy_m: 6 } }])
})

test('the course comes along for who walks, and not for who stands', () => {
  const { sensor, heard } = watch()
  sensor.fix(32.7, 129.8, 6, { heading: 90, speed: 1.2 })
  expect(heard.at(-1)).toMatchObject({ fix: { course_deg: 90, speed_m_s: 1.2 } })
  for (const heading of [null, Number.NaN]) {
    sensor.fix(32.7, 129.8, 6, { heading, speed: 0 })
    expect(heard.at(-1)).toEqual({ kind: 'granted', fix: { lat: 32.7, lon: 129.8, accuracy_m: 6 } })
  }
})

test('a no is a no', () => {
  const { sensor, heard } = watch()
  sensor.fail(1)
  expect(heard.at(-1)).toEqual({ kind: 'denied' })
})

test('allowed but without satellites yet', () => {
  const { sensor, heard } = watch()
  sensor.fail(3)
  expect(heard.at(-1)).toEqual({ kind: 'granted', fix: null })
})

test('a late fix does not take the last one away', () => {
  const { sensor, heard } = watch()
  sensor.fix(32.7, 129.8, 6)
  sensor.fail(3)
  expect(heard.at(-1)).toMatchObject({ kind: 'granted', fix: { lat: 32.7 } })
})

test('a sensor that is gone may come back', () => {
  const { sensor, heard } = watch()
  sensor.fail(2)
  expect(heard.at(-1)).toEqual({ kind: 'unavailable' })
  sensor.fix(32.7, 129.8, 6)
  expect(heard.at(-1)).toMatchObject({ kind: 'granted' })
})

test('stopping lets the sensor rest', () => {
  const { sensor, stop } = watch()
  stop()
  expect(sensor.stopped).toEqual([7])
})

test('a browser without positions says so', () => {
  const heard: PositionState[] = []
  watchPosition(undefined, (state) => heard.push(state))
  expect(heard).toEqual([{ kind: 'unavailable' }])
})

test('the permission is asked for, where the browser can say', async () => {
  const granted = { query: async () => ({ state: 'granted' }) } as unknown as Permissions
  const strange = {
    query: async () => Promise.reject(new TypeError('geolocation is not known'))
  } as unknown as Permissions
  expect(await queryPermission(granted)).toBe('granted')
  expect(await queryPermission(strange)).toBeNull()
  expect(await queryPermission(undefined)).toBeNull()
})
