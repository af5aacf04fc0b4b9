/** What the form on which a scene is composed says, as the scene that visitors would get. Pure. */
import type { Era, Hotspot, Point3, SceneDocument } from './wire'

/** The fields of a form by their names, as `FormData` gives them. */
export type Fields = ReadonlyMap<string, string>

const ROW = /^(spot|era)-(\d+)-/
const GONE = 'nowhere' // an era that no scene has
const DECIMALS = 20

/** The numbers of the rows of a kind that are to stay, in the order in which they stand in the form. */
export function rowsOf(fields: Fields, kind: 'spot' | 'era'): number[] {
  const numbers = new Set<number>()
  for (const name of fields.keys()) {
    const found = ROW.exec(name)
    if (found?.[1] === kind) numbers.add(Number(found[2]))
  }
  return [...numbers].filter((row) => !fields.has(`${kind}-${row}-remove`))
}

/** A text in the first of the languages that has it. */
export function textOf(fields: Fields, name: string, languages: readonly string[]): string {
  return languages.map((language) => fields.get(`${name}-${language}`)?.trim() ?? '').find((text) => text !== '') ?? ''
}

/** The scene as the form has it: points, eras, what stands in which, and without the models that are to go. */
export function draftOf(fields: Fields, saved: SceneDocument, languages: readonly string[]): SceneDocument {
  const eras = erasOf(fields, languages)
  const gone = removedNodes(fields)
  const nodes = saved.nodes.map((node) => {
    const named = eras.map(({ id }) => id).filter((era) => fields.has(`${era}-stands-${node.id}`))
    const stands = named.length === eras.length ? [] : named
    return { ...node, eras: gone.has(node.id) || (eras.length > 0 && named.length === 0) ? [GONE] : stands }
  })
  const chosen = `era-${fields.get('initial') ?? ''}`
  const initial_era = eras.some(({ id }) => id === chosen)
    ? chosen
    : (nodes.flatMap((node) => node.eras).find((era) => era !== GONE) ?? null)
  return { ...saved, eras, initial_era, nodes, hotspots: spotsOf(fields, languages, gone) }
}

function removedNodes(fields: Fields): Set<string> {
  const gone = new Set<string>()
  for (const [name, value] of fields) {
    const row = /^node-(\d+)-id$/.exec(name)?.[1]
    if (row !== undefined && fields.has(`node-${row}-remove`)) gone.add(value)
  }
  return gone
}

/** Eras in the order of their years, each under the name its fields begin with; one without a year is not there yet. */
function erasOf(fields: Fields, languages: readonly string[]): Era[] {
  const eras = rowsOf(fields, 'era').map((row) => {
    const id = `era-${row}`
    const year = readNumber(fields.get(`${id}-year`))
    return {
      id,
      year,
      label: textOf(fields, `${id}-label`, languages),
      text: textOf(fields, `${id}-text`, languages)
    }
  })
  return eras.filter(({ year }) => Number.isInteger(year)).sort((a, b) => a.year - b.year)
}

/** The points that have a place, each under the name its fields begin with. */
function spotsOf(fields: Fields, languages: readonly string[], gone: ReadonlySet<string>): Hotspot[] {
  return rowsOf(fields, 'spot').flatMap((row) => {
    const id = `spot-${row}`
    const node = fields.get(`${id}-node`) ?? ''
    const position = ['x', 'y', 'z'].map((axis) => readNumber(fields.get(`${id}-${axis}`))) as Point3
    if (gone.has(node) || !position.every(Number.isFinite)) return []
    const title = textOf(fields, `${id}-title`, languages)
    return [{ id, node, position, title, text: textOf(fields, `${id}-text`, languages), media: null }]
  })
}

/** A number as people write it, wide figures and decimal commas included; NaN where it is none. */
export function readNumber(text: string | undefined): number {
  const plain = (text ?? '').normalize('NFKC').replace('\u2212', '-').replace(',', '.').trim()
  return plain !== '' && plain.length <= DECIMALS ? Number(plain) : Number.NaN
}
