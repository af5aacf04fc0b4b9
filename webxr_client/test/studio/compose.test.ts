// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { draftOf, readNumber, rowsOf } from '../../src/compose-draft'
import { field, languagesOf, putPlace, Rows } from '../../src/compose-rows'
import type { SceneDocument, SceneNode } from '../../src/wire'

const node = (id: string): SceneNode => ({ id, eras: ['old'] }) as unknown as SceneNode
const SAVED = {
  eras: [],
  nodes: [node('gate'), node('house')],
  hotspots: [],
  initial_era: null
} as unknown as SceneDocument
const FORM: Record<string, string> = {
  'node-0-id': 'gate',
  'node-1-id': 'house',
  'spot-0-id': 'roof',
  'spot-0-node': 'gate',
  'spot-0-title-ja': '屋根',
  'spot-0-x': '0.25',
  'spot-0-y': '４,５',
  'spot-0-z': '\u22121',
  'era-0-year': '2006',
  'era-0-label-en': 'Today',
  'era-0-stands-gate': 'yes',
  'era-0-stands-house': 'yes',
  'era-1-year': '1820',
  'era-1-label-en': 'Then',
  'era-1-stands-gate': 'yes'
}

function draft(changed: Record<string, string> = {}): SceneDocument {
  return draftOf(new Map(Object.entries({ ...FORM, ...changed })), SAVED, ['en', 'ja'])
}

test('the draft has the points of the form, in the first language that says them', () => {
  expect(draft().hotspots).toEqual([
    { id: 'spot-0', node: 'gate', position: [0.25, 4.5, -1], title: '屋根', text: '', media: null }
  ])
  expect(draft({ 'spot-0-title-en': 'Roof' }).hotspots[0]?.title).toBe('Roof')
})

test.each([
  ['one to be taken away', { 'spot-0-remove': 'yes' }],
  ['one without a place yet', { 'spot-0-y': '' }],
  ['one of a model that goes', { 'node-0-remove': 'yes' }]
])('%s is not shown', (_, changed) => {
  expect(draft(changed).hotspots).toEqual([])
})

test('eras are in the order of their years, and models stand in those that were ticked', () => {
  const scene = draft()
  expect(scene.eras.map(({ id, label }) => [id, label])).toEqual([
    ['era-1', 'Then'],
    ['era-0', 'Today']
  ])
  expect(scene.nodes.map(({ eras }) => eras)).toEqual([[], ['era-0']]) // in all of them: it names none
  expect(scene.initial_era).toBe('era-0')
  expect(draft({ initial: '1' }).initial_era).toBe('era-1')
})

test('an era in which nothing is ticked is bare, and what is ticked nowhere or taken away stands nowhere', () => {
  const scene = draft({ 'era-2-year': '1798', 'node-1-remove': 'yes' })
  const stands = (era: string): boolean => scene.nodes.some(({ eras }) => eras.length === 0 || eras.includes(era))
  expect(scene.eras[0]?.id).toBe('era-2')
  expect([stands('era-2'), stands('era-1')]).toEqual([false, true])
  expect(scene.nodes[1]?.eras).toEqual(['nowhere'])
})

test('an era joins once it has a year', () => {
  expect(draft({ 'era-2-label-en': 'Soon', 'era-2-year': '' }).eras).toHaveLength(2)
})

test.each([
  ['1.5', 1.5],
  [' 1,5 ', 1.5],
  ['１８２０', 1820],
  ['', Number.NaN],
  ['far', Number.NaN],
  [undefined, Number.NaN]
])('%s is read as %s', (text, number) => {
  expect(readNumber(text)).toEqual(number)
})

const PAGE = `<form><div id="rows">
<details data-row="spot" data-start="spot-0-"><summary><span class="badge">1</span> <span class="called">Roof</span></summary>
<input type="hidden" name="spot-0-id" value="roof"><input name="spot-0-title-en" value="Roof">
<input type="checkbox" name="spot-0-remove" value="yes"></details>
<details data-row="spot" data-start="spot-1-" data-new><summary><span class="called">Add</span></summary>
<input type="hidden" name="spot-1-id" value=""><label for="spot-1-title-en">Title</label>
<input id="spot-1-title-en" name="spot-1-title-en" value="" aria-describedby="spot-1-help"><input name="spot-1-node" value="gate">
<input name="spot-1-x"><input name="spot-1-y"><input name="spot-1-z"></details>
</div></form><script type="application/json" id="compose-languages">["ja","en"]</script>`

function rows(): Rows {
  document.documentElement.lang = 'en'
  document.body.innerHTML = PAGE
  return new Rows(document.querySelector('#rows') as HTMLElement, 'spot')
}

test('the empty row leaves the form and is the mould of new ones, each under numbers of its own', () => {
  const spots = rows()
  expect(document.querySelector('[name^="spot-1-"]')).toBeNull()
  const [first, second] = [spots.add('Untitled'), spots.add('Untitled')]
  expect([first.dataset['start'], second.dataset['start']]).toEqual(['spot-1-', 'spot-2-'])
  expect(second.querySelector('label')?.htmlFor).toBe('spot-2-title-en')
  expect(field(second, 'title-en')?.getAttribute('aria-describedby')).toBe('spot-2-help')
  expect(spots.find('spot-2')).toBe(second)
  expect(
    rowsOf(new Map([...new FormData(document.querySelector('form') as HTMLFormElement)] as [string, string][]), 'spot')
  ).toEqual([0, 1, 2])
})

test('a place that was picked is written into its row', () => {
  const row = rows().add('Untitled')
  putPlace(row, 'house', [1, 2.5, -3])
  expect(['node', 'x', 'y', 'z'].map((name) => field(row, name)?.value)).toEqual(['house', '1', '2.5', '-3'])
})

test('rows are called by their titles and numbered as visitors see them', () => {
  const spots = rows()
  const added = spots.add('Untitled')
  const heads = (): (string | undefined)[] => spots.all.map((row) => row.querySelector('summary')?.textContent?.trim())
  spots.name('Untitled', languagesOf(document))
  expect(heads()).toEqual(['1 Roof', '2 Untitled'])
  const title = field(added, 'title-en')
  if (title !== null) title.value = 'Door'
  for (const box of document.querySelectorAll<HTMLInputElement>('[name="spot-0-remove"]')) box.checked = true
  spots.name('Untitled', languagesOf(document))
  expect(heads()).toEqual(['– Roof', '1 Door'])
  expect(spots.all[0]?.hasAttribute('data-goes')).toBe(true)
})
