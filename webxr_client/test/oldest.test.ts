/** The oldest browsers that are served, iOS 15.8 and Chrome 100, must not meet what they do not know. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
const read = (path: string): string => readFileSync(`src/${path}`, 'utf8')
const OURS = SOURCES.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
const STYLES = SOURCES.filter((path) => path.endsWith('.css'))

/** What came later than they did. Where it is used all the same, the file asks first, as the second list says. */
const LATER: [string, RegExp][] = [
  ['a list copied with a change', /\.(toSorted|toReversed|toSpliced|with)\(/],
  [
    'groups, and promises with their ends',
    /\b(Object|Map)\.groupBy\(|Promise\.(withResolvers|try)\(|Array\.fromAsync\(/
  ],
  ['set algebra', /\.(union|intersection|difference|isSubsetOf)\(/],
  ['looking behind in a pattern', /\(\?<[=!]/],
  ['time limits of a signal', /AbortSignal\.(any|timeout)\(/],
  ['whether an address can be read', /URL\.(canParse|parse)\(/],
  ['popovers', /\b(showPopover|togglePopover|hidePopover)\(/],
  ['a canvas without a page', /\bOffscreenCanvas\b/],
  ['packing streams', /\b(De)?[cC]ompressionStream\b/],
  ['a screen kept awake', /\bwakeLock\b/],
  ['time that is left over', /\brequestIdleCallback\b/],
  ['a view in transition', /\bstartViewTransition\b/],
  ['the turn of the screen', /\bscreen\.orientation\b/],
  ['codes read by the browser', /\bBarcodeDetector\b/]
]

/** Files that ask before they use one of these, and go on without it. */
const ASKING: Record<string, RegExp> = {
  'later.ts': /'requestIdleCallback' in view\)/,
  'scan/detect.ts': /BarcodeDetector\?: OwnDetectors[\s\S]*BarcodeDetector === undefined/,
  'tablet.ts': /wakeLock\?: WakeLock[\s\S]*wakeLock\?\.request/,
  'window/sensors.ts': /ScreenOrientation \| undefined[\s\S]*\?\.angle \?\?/
}

test('the rules find what they are there for', () => {
  const found = LATER.filter(([, pattern]) => pattern.test('list.toSorted(); AbortSignal.timeout(5); /(?<=a)b/'))
  expect(found).toHaveLength(3)
})

test.each(LATER)('no script takes it for granted: %s', (_, pattern) => {
  const users = OURS.filter((path) => pattern.test(read(path)))
  const unasked = users.filter((path) => !(ASKING[path]?.test(read(path)) ?? false))
  expect(unasked).toEqual([])
})

/** The text of a style sheet outside its `@supports` blocks. */
function unasked(css: string): string {
  return css.replace(/@supports[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g, '')
}

test('a style asks before it mixes colours: where it cannot, a value with a variable in it would count as none', () => {
  expect(unasked('@supports (a: b) { p { color: color-mix(x) } } q { c: d }')).not.toContain('color-mix')
  expect(STYLES.filter((path) => /color-mix\(|oklch\(|light-dark\(/.test(unasked(read(path))))).toEqual([])
})

test('heights of the small and the dynamic view have a plain one before them', () => {
  for (const path of STYLES) {
    for (const [, property = '', value = ''] of read(path).matchAll(/^\s*([\w-]+): ([^;]*\b\d+[sd]vh[^;]*);/gm)) {
      expect(read(path), `${path} ${property}`).toContain(`${property}: ${value.replace(/[sd]vh/g, 'vh')};`)
    }
  }
})

test.each([
  ['nesting', /^[ \t]+(&|[.#:][\w-]+ \{)/m],
  ['containers', /@container|container-type/],
  ['scopes and layers', /@scope|@layer/]
])('no style depends on %s', (_, pattern) => {
  // within @media and @supports rules are indented, which is no nesting
  const flat = (css: string): string => css.replace(/@(media|supports)[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}/g, '')
  expect(STYLES.filter((path) => pattern.test(flat(read(path))))).toEqual([])
})
