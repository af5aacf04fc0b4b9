import { expect, test } from 'vitest'
import { listTexts, planSite } from '../../src/offline/plan'
import type { Lod, Rally } from '../../src/wire'
import { experience, PLAIN_PHONE, site } from '../ui/builders'
import { node, scene, sha256, TestFiles } from './builders'

const FILES = {
  'lod0.glb': { sha256: 'f'.repeat(64), bytes: 900_000 },
  'lod1.glb': { sha256: '1'.repeat(64), bytes: 200_000 },
  'lod1.avif.glb': { sha256: '2'.repeat(64), bytes: 150_000 },
  'poster.webp': { sha256: '3'.repeat(64), bytes: 30_000 }
}
const MANIFEST = JSON.stringify({ files: FILES })
const DIGEST = sha256(MANIFEST)
const AT = `/packages/${DIGEST}`
const LISTED = `${AT}/manifest.json`
const SCENE_AT = '/api/v1/sites/dejima/scenes/gate?lang=en'
const COARSE: Lod = {
  url: `${AT}/lod1.glb`,
  bytes: 200_000,
  triangles: 5000,
  texture_px: 512,
  avif: { url: `${AT}/lod1.avif.glb`, bytes: 150_000 }
}
const FINE: Lod = { url: `${AT}/lod0.glb`, bytes: 900_000, triangles: 25_000, texture_px: 2048 }
const GATE = node({ package: DIGEST, lods: [FINE, COARSE], poster: `${AT}/poster.webp` })
const DOCUMENT = site([experience({ cover: `${AT}/poster.webp` })])

function server(values: ConstructorParameters<typeof TestFiles>[0] = {}): TestFiles {
  return new TestFiles({ [SCENE_AT]: JSON.stringify(scene([GATE])), [LISTED]: MANIFEST, ...values })
}

async function plan(files: TestFiles, device = PLAIN_PHONE) {
  const planned = await planSite(DOCUMENT, device, files.io)
  if (!planned.ok) throw new Error(planned.problem.code)
  return planned.plan
}

test('every page and document of the language is in it, and the page for what is not there', async () => {
  const { items } = await plan(server())
  const urls = items.filter(({ kind }) => kind !== 'file').map(({ url }) => url)
  expect(urls).toEqual([
    '/api/v1/sites/dejima?lang=en',
    SCENE_AT,
    '/en/dejima/',
    '/en/dejima/landmarks/gate',
    '/en/dejima/experiences/gate-1820',
    '/en/dejima/xr/gate-1820',
    '/en/dejima/help',
    '/en/dejima/privacy',
    '/en/dejima/offline'
  ])
})

test('the card of a rally comes along', () => {
  const urls = listTexts({ ...DOCUMENT, rallies: [{ id: 'autumn' } as Rally] }).map(({ url }) => url)
  expect(urls).toContain('/en/dejima/rallies/autumn')
})

test('of a package come the list, the picture and the coarsest level, each once, with size and digest', async () => {
  const { items } = await plan(server())
  expect(items.filter(({ kind }) => kind === 'file')).toEqual([
    { url: LISTED, kind: 'file', bytes: MANIFEST.length, sha256: DIGEST },
    { url: `${AT}/poster.webp`, kind: 'file', bytes: 30_000, sha256: '3'.repeat(64) },
    { url: COARSE.url, kind: 'file', bytes: 200_000, sha256: '1'.repeat(64) }
  ])
})

test('a browser that reads AVIF takes the smaller file', async () => {
  const { items } = await plan(server(), { ...PLAIN_PHONE, avif: true })
  expect(items.map(({ url }) => url)).toContain(`${AT}/lod1.avif.glb`)
  expect(items.map(({ url }) => url)).not.toContain(COARSE.url)
})

test('sounds and pictures of a scene come along with their captions, under the digests in their names', async () => {
  const [tide, vtt, map] = ['7', '8', '9'].map((digit) => digit.repeat(64)) as [string, string, string]
  const [sound, captions, picture] = [`/media/${tide}/tide.mp3`, `/media/${vtt}/tide.vtt`, `/media/${map}/map.webp`]
  const sounds = [{ id: 'tide', url: sound, bytes: 80_000, captions, language: 'en', title: 'The tide' }]
  const media = { kind: 'image', url: picture, bytes: 20_000, alt: 'A map', captions: null }
  const hotspots = [{ id: 'arms', node: 'gate', position: [0, 0, 0], title: 'Arms', text: '', media }]
  const document = { ...scene([GATE]), sounds, hotspots }
  const { items } = await plan(server({ [SCENE_AT]: JSON.stringify(document) }))
  const found = items.filter(({ url }) => url.startsWith('/media/')).map(({ url, sha256 }) => [url, sha256])
  expect(found).toEqual([
    [picture, map],
    [sound, tide],
    [captions, vtt]
  ])
})

test('a list that does not fit its digest is asked for again, and then nothing of the package is trusted', async () => {
  const once = server({ [LISTED]: ['{"files":{}}', MANIFEST] })
  expect((await plan(once)).damaged).toEqual([])
  const twice = await plan(server({ [LISTED]: '{"files":{}}' }))
  expect(twice.damaged).toEqual([DIGEST])
  expect(twice.items.filter(({ url }) => url.startsWith(AT))).toEqual([])
})

test('a scene or package that was taken back is left out', async () => {
  const { items } = await plan(server({ [LISTED]: 410 }))
  expect(items.filter(({ kind }) => kind === 'file')).toEqual([])
  expect((await plan(server({ [SCENE_AT]: 404 }))).damaged).toEqual([])
})

test.each([
  ['the scene', { [SCENE_AT]: 'cut' as const }],
  ['the list', { [LISTED]: 'cut' as const }]
])('without connection for %s there is no plan', async (_, files) => {
  expect(await planSite(DOCUMENT, PLAIN_PHONE, server(files).io)).toMatchObject({
    ok: false,
    problem: { code: 'offline' }
  })
})
