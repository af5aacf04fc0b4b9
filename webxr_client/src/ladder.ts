/** The ways of looking as a ladder, the richest first: which of them this device has, and what the others lack. Pure. */
import type { Device } from './device'

/** ar: held in place in the camera picture. window: camera picture and sensors. orbit: turned on the screen. words: pictures and text. */
export type Rung = 'ar' | 'window' | 'orbit' | 'words'

/** What a device has not; the page has a sentence for each, `lack_` and the name. */
export type Lack = 'webgl' | 'xr' | 'secure' | 'camera' | 'motion'

export interface Step {
  rung: Rung
  /** The first thing that is missing; null where the rung can be had. */
  lack: Lack | null
}

/** Ways beside the ladder: Apple's own viewer, a walk at eye height on the screen, a headset. */
export type SideWay = 'quick_look' | 'street' | 'vr'

/** All rungs, the richest first; words lack nothing. */
export function ladderOf(device: Device): Step[] {
  return [
    { rung: 'ar', lack: lackOf(device, ['secure', 'webgl', 'xr']) },
    { rung: 'window', lack: lackOf(device, ['secure', 'webgl', 'camera', 'motion']) },
    { rung: 'orbit', lack: lackOf(device, ['webgl']) },
    { rung: 'words', lack: null }
  ]
}

/** The richest rung of a device. */
export function topOf(device: Device): Rung {
  return ladderOf(device).find(({ lack }) => lack === null)?.rung ?? 'words'
}

/** The next lower rung that a device has. */
export function rungBelow(device: Device, rung: Rung): Rung {
  const steps = ladderOf(device)
  const from = steps.findIndex((step) => step.rung === rung)
  return steps.slice(from + 1).find(({ lack }) => lack === null)?.rung ?? 'words'
}

/** The ways beside the ladder that a device has. */
export function sideWaysOf(device: Device, hasUsdz: boolean): SideWay[] {
  const ways: SideWay[] = []
  if (device.quickLook && hasUsdz) ways.push('quick_look')
  if (device.webgl2) ways.push('street')
  if (device.webgl2 && device.immersiveVr) ways.push('vr')
  return ways
}

function lackOf(device: Device, needed: readonly Lack[]): Lack | null {
  const has: Record<Lack, boolean> = {
    secure: device.secure,
    webgl: device.webgl2,
    xr: device.immersiveAr,
    camera: device.camera,
    motion: device.motion !== 'none'
  }
  return needed.find((need) => !has[need]) ?? null
}
