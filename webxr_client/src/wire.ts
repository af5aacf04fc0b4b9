/** Shapes that the server sends and takes: the public contract, docs/api.md. Lengths in metres, moments ISO 8601 in UTC. */

import type { VisitEvent } from './vocabulary'

export type * from './vocabulary'

export type Language = 'ja' | 'en' | 'zh-Hans' | 'zh-Hant' | 'ko' | 'nl' | 'ja-x-easy'
export type Provenance = 'evidence' | 'estimate' | 'fiction'
export type Confidence = 'high' | 'medium' | 'low' | 'planned'

export interface Attribution {
  text: string
  licence: string
  url: string
}

export interface TimelineEntry {
  year: number
  text: string
  landmarks: string[]
  confidence: Confidence
  sources?: string[]
}

/** What the site as a whole is; origin.h is metres above the WGS 84 ellipsoid, bounds are west, south, east, north. */
export interface SiteFacts {
  id: string
  name: string
  summary: string
  origin: { lat: number; lon: number; h: number }
  bounds: [number, number, number, number]
  time_zone: string
  declination_deg: number
  languages: Language[]
  /** Whether a person has read every text of this document. */
  reviewed: boolean
  /** Days of every year on which effects and sounds rest, such as 08-09. */
  quiet_days: string[]
  attribution: Attribution[]
  timeline: TimelineEntry[]
}

/** GeoJSON as the landmarks carry it. */
export type Geometry =
  | { type: 'Point'; coordinates: [number, number] }
  | { type: 'LineString'; coordinates: [number, number][] }
  | { type: 'Polygon'; coordinates: [number, number][][] }
  | { type: 'MultiPolygon'; coordinates: [number, number][][][] }
  | { type: 'MultiLineString'; coordinates: [number, number][][] }

/** A thing a visitor can stand before; lat and lon are null where no place is known. */
export interface Landmark {
  id: string
  name: string
  kana: string
  category: string
  status: string
  lat: number | null
  lon: number | null
  accuracy_m: number | null
  geofence: { enter_m: number; leave_m: number } | null
  history: string
  years: Record<string, string>
  certainty: string
  geometry: Geometry | null
  attribution: string
  sources: string[]
  told_in?: string
}

/** One interval in which an experience is on: the start is in, the end is out. */
export type Occurrence = [start_at: string, end_at: string]

/** What is closed, dangerous or worth knowing at a landmark, or at the whole site; until_at null: nobody knows until when. */
export interface Notice {
  id: string
  landmark: string | null
  severity: 'information' | 'closed' | 'danger'
  text: string
  from_at: string
  until_at: string | null
  told_in?: string
}

export interface Experience {
  id: string
  title: string
  summary: string
  body: string
  landmark: string
  scene: string
  trigger: { kind: 'geofence' | 'code' }
  occurrences: Occurrence[]
  quiet_on: string[]
  cover: string
  /** The public page of its maker, if there is one. */
  creator_page?: string | null
  /** The language its words stand in, where that is not the document's. */
  told_in?: string
}

/** A measured point; accuracy_m is the 68 % radius. demonstration: invented, so whatever rests on it says so. */
export interface SurveyPoint {
  id: string
  name: string
  lat: number
  lon: number
  h: number
  accuracy_m: number
  surveyed_on: string
  author: string
  demonstration: boolean
  landmark: string | null
}

/** A QR sign: the middle of its code, where it faces (compass), and the side of the code. Its address is /s/{code}. */
export interface Sign {
  id: string
  code: string
  landmark: string
  lat: number
  lon: number
  h: number
  heading_deg: number
  side_m: number
  accuracy_m: number
  demonstration: boolean
}

/** A way on foot between two landmarks; steps and slope are null where nobody has looked. */
export interface Path {
  id: string
  from: string
  to: string
  points: [lat: number, lon: number][]
  length_m: number
  steps: number | null
  slope_percent: number | null
  /** Whether a wheelchair passes without help; null where nobody has looked. */
  wheelchair?: boolean | null
  note: string | null
  accuracy_m?: number
  /** Where it is narrowest; left out, as the two below, where nobody has looked. */
  width_m?: number
  surface?: string
  seats?: number
}

/** Where one must look to one's feet: lines on the ground. */
export interface Hazard {
  id: string
  kind: 'river' | 'quay' | 'tram_road'
  lines: [lat: number, lon: number][][]
  name: string
  accuracy_m?: number
}

/** What a phone needs to know of a site; what is optional is not in the documents of older servers. */
export interface SiteDocument {
  schema: 'dejima.site/1'
  revision: number
  compiled_for_on: string
  language: Language
  site: SiteFacts
  landmarks: Landmark[]
  experiences: Experience[]
  survey_points?: SurveyPoint[]
  paths?: Path[]
  hazards?: Hazard[]
  signs?: Sign[]
  /** The gravest first. */
  notices?: Notice[]
  /** The digests of all published packages; whatever else a phone holds has been withdrawn. */
  packages?: string[]
  /** The same of pictures, sounds and captions in all languages. */
  media?: string[]
  /** Public pages of makers who have switched one on. */
  creators?: CreatorPage[]
  /** Stamp rallies whose stamps or prizes can still be had. */
  rallies?: Rally[]
  /** For each landmark with memories of residents a mark of what its page tells of them; kept pages with another are old. */
  memories?: Record<string, string>
  /** No memories are taken for now; a page without any has the mark "closed". */
  memories_closed?: boolean
}

/** Stamps at landmarks from a moment until another, and what is given for so many of them; an empty prize: nothing. */
export interface Rally {
  id: string
  title: string
  summary: string
  landmarks: string[]
  order: 'free' | 'fixed'
  first_on: string
  last_on: string
  starts_at: string
  ends_at: string
  needed: number
  prize: string
  collect_at: string
  collect_until: string
  /** What proves that one was there: the phone's own position, a sign's code, a code that changes. */
  proof: 'none' | 'sign' | 'rotating'
  told_in?: string
}

/** What one maker has published: the ids of the experiences. */
export interface CreatorPage {
  slug: string
  name: string
  experiences: string[]
}

/** OGC GeoPose, Basic-Quaternion: model axes to east, north, up. */
export interface GeoPose {
  position: { lat: number; lon: number; h: number }
  quaternion: { x: number; y: number; z: number; w: number }
}

export interface ModelFile {
  url: string
  bytes: number
}

/** One level of detail; the first of a node's list is the finest. avif: the same, smaller, for who reads AVIF. */
export interface Lod extends ModelFile {
  triangles: number
  texture_px: number
  avif?: ModelFile
}

export type Point3 = [number, number, number]

export interface SceneNode {
  id: string
  package: string
  lods: Lod[]
  usdz: string | null
  poster: string
  bounds: { min: Point3; max: Point3 }
  geopose: GeoPose
  accuracy_m: number
  /** Whether it may stand over the real building: its place was measured to 1 m or better. */
  surveyed: boolean
  /** demonstration: the points it is tied to were invented for a trial. */
  anchor_note?: 'demonstration' | null
  /** How high in the model, in its metres, today's ground lies; null: at its lowest point. */
  ground_y?: number | null
  eras: string[]
  provenance: Provenance
  creator?: string
  licence?: string
  licence_url?: string | null
  sources: string[]
  /** Whose works it was made from, the nearest first; the first may be the package itself. */
  based_on?: BasedOn[]
}

/** A work that another was made from. */
export interface BasedOn {
  package: string
  title: string
  creator: string
  licence: string
  licence_url: string | null
}

/** A picture or a sound of a scene; captions is the address of a WebVTT file, language that of spoken words. */
export interface Media {
  kind: 'image' | 'sound'
  url: string
  bytes: number
  title: string
  alt: string
  captions: string | null
  language: Language | null
  credit: string
  provenance: Provenance
}

/** A sound that is heard all around a scene. */
export interface Sound extends Media {
  id: string
  loop: boolean
}

/** A present-day building that hides what stands behind it; metres above the WGS 84 ellipsoid. */
export interface Occluder {
  id: string
  footprint: [lat: number, lon: number][]
  base_m: number
  top_m: number
  demonstration: boolean
}

/** A point on a node in the model's metres, y up. */
export interface Hotspot {
  id: string
  node: string
  position: Point3
  title: string
  text: string
  media: Media | null
  told_in?: string
}

/** A dated state; an era that no node names shows bare ground, and text says what stood there. */
export interface Era {
  id: string
  year: number
  label: string
  text?: string
}

export interface SceneDocument {
  schema: 'dejima.scene/1'
  id: string
  landmark: string
  language: Language
  eras: Era[]
  /** The era the scene opens in. */
  initial_era?: string | null
  nodes: SceneNode[]
  occluders: Occluder[]
  hotspots: Hotspot[]
  sounds: Sound[]
  credit: string
}

export type ConsentState = 'unset' | 'refused' | 'necessary' | 'statistics' | 'withdrawn'

/** What the visitor allowed, and the version of the text they read. */
export interface Consent {
  state: ConsentState
  text_version: string
}

export type Mode = 'page' | 'orbit' | 'ar' | 'window'
export type DeviceKind = 'phone' | 'tablet' | 'desktop' | 'headset'

/** What one POST of events carries. */
export interface EventBatch {
  token: string
  consent: Consent
  language: Language
  mode: Mode
  visit?: string
  device?: DeviceKind
  events: VisitEvent[]
}

export interface EventAnswer {
  accepted: number
  duplicate: number
  rejected: { index: number; code: string }[]
}

export interface TokenAnswer {
  token: string
  expires_at: string
}

/** RFC 9457 problem details, as every refusal of the server reads. */
export interface ProblemAnswer {
  title: string
  status: number
  code: string
  detail: string
}
