/** The page's sentences, which the server sends along in the page's language. */

export type Parts = Record<string, string | number>
/** A sentence by its key with its `{name}` places filled in. */
export type Words = (key: string, parts?: Parts) => string

/** The sentences of a page. A key that is not there is a fault of ours and throws. */
export function readWords(page: Document): Words {
  const sentences = JSON.parse(page.getElementById('texts')?.textContent ?? '{}') as Record<string, string>
  return (key, parts = {}) => {
    const sentence = sentences[key]
    if (sentence === undefined) throw new Error(`the page has no sentence called ${key}`)
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(parts[name] ?? whole))
  }
}
