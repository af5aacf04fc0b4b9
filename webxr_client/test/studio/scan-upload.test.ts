// @vitest-environment happy-dom
import * as tus from 'tus-js-client'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { collectMetadata, fetchToken, findFault, readRefusal, type UploadWords } from '../../src/scan-upload'

const words = {
  kinds: ['.glb', '.zip'],
  scan_bytes: 1000,
  kind_refused: 'Not of a kind we read.',
  too_large: 'Too large.',
  missing: 'Please fill in “{label}”.',
  number: '“{label}” must be from {min} to {max}.',
  lost: 'No connection.',
  signed_out: 'Sign in again.',
  problems: { empty_file: 'Empty.', quota_exceeded: 'No room.' }
} as unknown as UploadWords

function fieldOf(html: string): HTMLInputElement {
  document.body.innerHTML = `<form id="form">${html}</form>`
  const field = document.querySelector('input')
  if (field === null) throw new Error('no input')
  return field
}

function choose(file: File | null): HTMLInputElement {
  const field = fieldOf('<label for="file">File</label><input id="file" name="file" type="file">')
  Object.defineProperty(field, 'files', { value: file === null ? [] : [file] })
  return field
}

describe('findFault', () => {
  test.each([
    [null, 'Please fill in “File”.'],
    [new File(['x'], 'notes.txt'), 'Not of a kind we read.'],
    [new File([], 'wall.glb'), 'Empty.'],
    [new File(['x'.repeat(1001)], 'wall.glb'), 'Too large.'],
    [new File(['x'], 'WALL.GLB'), null],
    [new File(['x'], 'wall.obj.zip'), null]
  ])('of a file says what to do (%#)', (file, sentence) => {
    expect(findFault(choose(file), words)).toBe(sentence)
  })

  test('names an empty field and a number out of bounds by their labels', () => {
    const field = fieldOf(
      '<label for="lat">Latitude</label><input id="lat" type="number" step="any" required min="-90" max="90">'
    )
    expect(findFault(field, words)).toBe('Please fill in “Latitude”.')
    field.value = '91'
    expect(findFault(field, words)).toBe('“Latitude” must be from -90 to 90.')
    field.value = '32.7'
    expect(findFault(field, words)).toBeNull()
  })
})

test('collectMetadata takes every filled field, trimmed, and the file under its own name', () => {
  fieldOf('<input name="title" value=" 石垣 "><input name="unit" value=""><input name="lat" value="32.7">')
  const form = document.querySelector('form') as HTMLFormElement
  expect(collectMetadata(form, new File(['x'], 'wall.glb'))).toEqual({
    filename: 'wall.glb',
    title: '石垣',
    lat: '32.7'
  })
})

describe('readRefusal', () => {
  function refused(body: string): Error {
    return Object.assign(new tus.DetailedError('refused'), { originalResponse: { getBody: () => body } })
  }

  test.each([
    ['{"code":"quota_exceeded","detail":"Full."}', 'No room.', false],
    ['{"code":"brand_new","detail":"Say what happened."}', 'Say what happened.', false],
    ['{"code":"sign_in_first","detail":"x"}', 'Sign in again.', true],
    ['{"code":"csrf_missing","detail":"x"}', 'Sign in again.', true],
    ['<html>a proxy speaks</html>', 'No connection.', false],
    ['', 'No connection.', false]
  ])('of %s', (body, sentence, signedOut) => {
    expect(readRefusal(refused(body), words)).toEqual({ sentence, signedOut })
  })

  test('without any answer the connection is lost', () => {
    expect(readRefusal(new Error('offline'), words)).toEqual({ sentence: 'No connection.', signedOut: false })
  })
})

describe('fetchToken', () => {
  afterEach(() => vi.unstubAllGlobals())

  test.each([
    ['<script type="application/json" id="upload-words">{"csrf":"abc"}</script>', 'abc'],
    ['<form action="/login"></form>', null]
  ])('reads the token of the session that is open now (%#)', async (html, token) => {
    vi.stubGlobal('fetch', async () => new Response(html))
    expect(await fetchToken()).toBe(token)
  })
})

test('a licence in own words is asked for only where the list says so', () => {
  const select = (value: string): string =>
    `<select name="licence"><option value="CC0 1.0"></option><option value="own" ${value}></option></select>`
  const own = '<label for="own">Words</label><input id="own" name="licence_own">'
  expect(findFault(fieldOf(select('selected') + own), words)).toBe('Please fill in “Words”.')
  expect(findFault(fieldOf(select('') + own), words)).toBeNull()
})
