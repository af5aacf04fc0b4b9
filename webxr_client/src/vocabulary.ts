/** The closed vocabulary of events, word for word that of the server: domain/vocabulary.py, held by tests/contract. */

/** How sure the phone is of where it stands: to 10 m, to 25 m, worse. */
export type Accuracy = 'good' | 'fair' | 'poor'
export type Opener = 'trigger' | 'code' | 'visitor'
export type Permission = 'camera' | 'location' | 'motion'
export type Way = 'ar' | 'window' | 'headset'
export type Aligning = 'floor' | 'points' | 'sign' | 'hand'
export type Reason =
  | 'unsupported'
  | 'no_floor'
  | 'position_poor'
  | 'model_missing'
  | 'model_broken'
  | 'line_lost'
  | 'graphics_lost'
  | 'interrupted'
  | 'storage_full'
  | 'other'

/** What events of a scene say beside their own: which it was. */
export interface OfExperience {
  experience: string
  landmark: string
  scene: string
}

/** What happens with a scene. Never a coordinate, never a free text. */
export type SceneHappening =
  | { type: 'scene_opened'; level: number }
  | { type: 'ar_started'; way: Way }
  | { type: 'ar_ended' }
  | { type: 'aligned'; by: Aligning; accuracy: Accuracy }
  | { type: 'scene_placed'; by: Aligning }
  | { type: 'scene_completed' }
  | { type: 'era_changed'; era: string }
  | { type: 'hotspot_opened'; hotspot: string }
  | { type: 'sound_played'; sound: string }
  | { type: 'photo_taken' }

/** What happens on a visit beside that. */
export type VisitHappening =
  | { type: 'site_opened'; link?: string }
  | { type: 'arrived'; accuracy: Accuracy }
  | { type: 'landmark_entered'; landmark: string; accuracy: Accuracy }
  | { type: 'landmark_stayed'; landmark: string; stay_s: number }
  | { type: 'landmark_left'; landmark: string }
  | { type: 'experience_opened'; experience: string; landmark: string; by: Opener }
  | { type: 'permission_refused'; permission: Permission; experience?: string }
  | { type: 'failed'; reason: Reason; experience?: string }
  | { type: 'stamp_collected'; rally: string; landmark: string }
  | { type: 'prize_redeemed'; rally: string }
  | { type: 'coupon_redeemed'; campaign: string }
  | { type: 'survey_answered'; questionnaire: string }

/** What a part of the page has to tell; which experience it is of is added by `telling`. */
export type Happening = VisitHappening | SceneHappening
/** The closed vocabulary, as domain/vocabulary.py has it: an event before it gets an id and a moment. */
export type NewEvent = VisitHappening | (SceneHappening & OfExperience)

/** One thing a visit did. */
export type VisitEvent = NewEvent & { id: string; at: string }
