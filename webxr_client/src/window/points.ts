/** The surveyed points that can be sighted, and the signs that can be scanned, round a model. Pure. */
import { distanceM } from '../geo/distance'
import type { SceneNode, Sign, SiteDocument, SurveyPoint } from '../wire'

const FARTHEST_M = 150
const VAGUEST_M = 1 // a point known less well decides nothing
const MOST = 6

/** The points that are known well enough and near the model, the nearest first. */
export function findSightable({ survey_points = [] }: SiteDocument, { geopose }: SceneNode): SurveyPoint[] {
  const awayM = (point: SurveyPoint): number => distanceM(point, geopose.position)
  return survey_points
    .filter((point) => point.accuracy_m <= VAGUEST_M && awayM(point) <= FARTHEST_M)
    .sort((a, b) => awayM(a) - awayM(b))
    .slice(0, MOST)
}

/** The signs that can be scanned round a model, the nearest first. */
export function findSigns({ signs = [] }: SiteDocument, { geopose }: SceneNode): Sign[] {
  const awayM = (sign: Sign): number => distanceM(sign, geopose.position)
  return signs
    .filter((sign) => sign.accuracy_m <= VAGUEST_M && awayM(sign) <= FARTHEST_M)
    .sort((a, b) => awayM(a) - awayM(b))
}
