/** The page that thanks for answers tells the figures that somebody answered, if they are counted; never what. */
import { maySend, readConsent, type Wish } from './consent'
import { openTelling } from './telling'
import { CONSENT_TEXT } from './ui/consent-panel'
import { need } from './ui/dom'
import { createPageClock } from './ui/visit'
import { languageOf } from './ui/words'
import type { Consent, Language } from './wire'

/** Tell it once a visit, and nothing where nothing may be counted. */
export async function tellAnswered(view: Window): Promise<void> {
  const { answered, site, zone } = need(view.document, '[data-answered]').dataset
  const consent = (): Consent => readConsent(view.localStorage, CONSENT_TEXT, view.navigator as Wish)
  if (answered === undefined || site === undefined || zone === undefined || !maySend(consent())) return
  const telling = await openTelling({
    view,
    site,
    language: languageOf(view.document) as Language,
    clock: createPageClock(view.localStorage),
    consent,
    time_zone: zone
  })
  telling.tell({ type: 'survey_answered', questionnaire: answered })
}
