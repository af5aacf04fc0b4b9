import { expect, test } from 'vitest'
import { contactOf } from '../../src/offline/contact'
import { bytesOf, findEvicted, readTaken, saveTaken, type Taken } from '../../src/offline/record'
import { site } from '../ui/builders'

const TAKEN: Taken = {
  state: 'taken',
  languages: ['en'],
  revision: 3,
  script: '/static/assets/main-1.js',
  files: { '/en/dejima/': 40_000, '/packages/a/lod2.glb': 200_000 }
}

function storage(values: Record<string, string> = {}): Storage {
  const held = new Map(Object.entries(values))
  return {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key)
  } as unknown as Storage
}

test('what was taken along is remembered by site, and forgotten', () => {
  const phone = storage()
  saveTaken(phone, 'dejima', TAKEN)
  expect(readTaken(phone, 'dejima')).toEqual(TAKEN)
  expect(readTaken(phone, 'hirado')).toBeNull()
  saveTaken(phone, 'dejima', null)
  expect(readTaken(phone, 'dejima')).toBeNull()
})

test.each([
  '',
  'no json',
  '{}',
  '{"state":"lost","languages":[],"files":{}}',
  '{"state":"taken","languages":[]}',
  'null'
])('a record that reads %j counts for nothing', (text) => {
  expect(readTaken(storage({ 'taken-dejima': text }), 'dejima')).toBeNull()
})

test('its size is that of all files', () => {
  expect(bytesOf(TAKEN)).toBe(240_000)
})

test('what the phone has cleared is noticed', () => {
  expect(findEvicted(TAKEN, ['/en/dejima/', '/packages/a/lod2.glb', '/more'])).toEqual([])
  expect(findEvicted(TAKEN, ['/en/dejima/'])).toEqual(['/packages/a/lod2.glb'])
})

test('a publication, a new day and a new version each make a new contact', () => {
  const before = contactOf(site([]), 'main-1.js')
  expect(contactOf(site([]), 'main-1.js')).toBe(before)
  expect(contactOf({ ...site([]), revision: 4 }, 'main-1.js')).not.toBe(before)
  expect(contactOf({ ...site([]), compiled_for_on: '2026-12-05' }, 'main-1.js')).not.toBe(before)
  expect(contactOf(site([]), 'main-2.js')).not.toBe(before)
})
