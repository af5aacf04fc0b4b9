/** The surveyed points that can be sighted round a model. Pure. */
import { distanceM } from '../geo/distance'
import type { SceneNode, SiteDocument, SurveyPoint } from '../wire'

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
