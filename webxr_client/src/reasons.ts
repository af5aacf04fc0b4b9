/** Why something did not work, as the figures have it: from the key of the sentence that the visitor was told. Pure. */
import type { Reason } from './wire'

/** Null: no failure, but a no of the visitor's, which is an event of its own, or rest after no use. */
const REASONS: Record<string, Reason | null> = {
  ar_broken: 'other',
  ar_busy: 'other',
  ar_denied: null,
  ar_interrupted: 'interrupted',
  ar_unsupported: 'unsupported',
  broke_off: 'interrupted', // the phone closed the page, most often for want of memory
  broke_off_orbit: 'interrupted',
  camera_busy: 'other',
  camera_missing: 'unsupported',
  context_lost: 'graphics_lost',
  context_lost_ar: 'graphics_lost',
  motion_silent: 'unsupported',
  problem_broken: 'line_lost', // cut off on the way, or not from the server at all
  problem_offline: 'line_lost',
  problem_refused: 'model_missing',
  refused_camera: null,
  refused_motion: null,
  stage_broken: 'model_broken',
  stage_load_failed: 'line_lost',
  stage_no_webgl: 'unsupported',
  stage_withdrawn: 'model_missing',
  take_full: 'storage_full',
  take_lack: 'storage_full',
  vr_broken: 'other',
  vr_busy: 'other',
  vr_denied: null,
  vr_unsupported: 'unsupported',
  window_paused: 'interrupted',
  window_rested: null
}
/** The reason behind a sentence; null for one that tells of none. */
export function reasonOf(key: string): Reason | null {
  const reason = REASONS[key]
  return reason === undefined ? 'other' : reason
}
