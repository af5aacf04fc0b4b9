import { expect, test } from 'vitest'
import { closeCamera, openCamera } from '../../src/window/camera'

const refusing = (name: string): MediaDevices =>
  ({ getUserMedia: () => Promise.reject(new DOMException('', name)) }) as unknown as MediaDevices

test.each([
  ['NotAllowedError', 'denied'],
  ['SecurityError', 'denied'],
  ['NotFoundError', 'missing'],
  ['OverconstrainedError', 'missing'],
  ['NotReadableError', 'busy'],
  ['AbortError', 'busy']
])('%s is told as %s', async (name, problem) => {
  expect(await openCamera(refusing(name))).toEqual({ ok: false, problem })
})

test('a browser that gives pages no camera has none', async () => {
  expect(await openCamera(undefined)).toEqual({ ok: false, problem: 'missing' })
  expect(await openCamera({} as MediaDevices)).toEqual({ ok: false, problem: 'missing' })
})

test('the camera at the back is asked for, never the microphone, and every track is let go of', async () => {
  let asked: MediaStreamConstraints | undefined
  let stopped = 0
  const stream = { getTracks: () => [{ stop: () => (stopped += 1) }, { stop: () => (stopped += 1) }] }
  const media = {
    getUserMedia: async (constraints: MediaStreamConstraints) => {
      asked = constraints
      return stream
    }
  } as unknown as MediaDevices
  const answer = await openCamera(media)
  expect(asked).toMatchObject({ audio: false, video: { facingMode: { ideal: 'environment' } } })
  if (answer.ok) closeCamera(answer.stream)
  expect(stopped).toBe(2)
})
