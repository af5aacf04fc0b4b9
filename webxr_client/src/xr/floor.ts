/** The floor under the middle of the view, found by WebXR's hit test, and the ring that lies on it. */
import { DoubleSide, Group, Mesh, MeshBasicMaterial, RingGeometry } from 'three'
import type { Point3 } from '../wire'
import { isFloor } from './placing'

/** A point of the floor in this frame; the result can still make an anchor there. */
export interface FloorPoint {
  point: Point3
  result: XRHitTestResult
}

export interface Floor {
  /** The floor point under the middle of the view; null while none is found. */
  find: (frame: XRFrame, space: XRReferenceSpace, eye_m: number) => FloorPoint | null
  close: () => void
}

/** Ask the session for floor points. */
export async function openFloor(session: XRSession): Promise<Floor> {
  const viewer = await session.requestReferenceSpace('viewer')
  const source = await session.requestHitTestSource?.({ space: viewer })
  if (source === undefined) throw new Error('this session has no hit test')
  return {
    find(frame, space, eye_m) {
      for (const result of frame.getHitTestResults(source)) {
        const pose = result.getPose(space) ?? null
        if (pose === null) continue
        const { position, orientation } = pose.transform
        if (isFloor(orientation, position.y, eye_m)) return { point: [position.x, position.y, position.z], result }
      }
      return null
    },
    close: () => source.cancel()
  }
}

const VERMILION = 0xb7371f
const PLASTER = 0xf7f3ea

/** A ring that lies flat, seen on any ground: plaster with a vermilion line. */
export function makeRing(): Group {
  const ring = new Group()
  ring.add(makeBand(0.13, 0.17, PLASTER), makeBand(0.14, 0.16, VERMILION), makeBand(0, 0.015, VERMILION))
  ring.rotation.x = -Math.PI / 2
  ring.visible = false
  return ring
}

function makeBand(inner_m: number, outer_m: number, color: number): Mesh {
  const material = new MeshBasicMaterial({ color, side: DoubleSide, depthTest: false, toneMapped: false })
  const band = new Mesh(new RingGeometry(inner_m, outer_m, 48), material)
  band.renderOrder = color === PLASTER ? 1 : 2
  return band
}

/** Lay the ring at a point, larger when far so that it is still seen. */
export function layRing(ring: Group, point: Point3, away_m: number): void {
  ring.position.set(point[0], point[1] + 0.005, point[2])
  ring.scale.setScalar(Math.max(1, away_m / 2))
  ring.visible = true
}

export function disposeRing(ring: Group): void {
  for (const band of ring.children as Mesh[]) {
    band.geometry.dispose()
    ;(band.material as MeshBasicMaterial).dispose()
  }
}
