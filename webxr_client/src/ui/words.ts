/** The page's sentences, which the server sends along in the page's language. */

export type Parts = Record<string, string | number>
/** A sentence by its key with its `{name}` places filled in; numbers are written as the language does. */
export type Words = (key: string, parts?: Parts) => string

/** The sentences of a page. A key that is not there is a fault of ours and throws. */
export function readWords(page: Document): Words {
  const sentences = JSON.parse(page.getElementById('texts')?.textContent ?? '{}') as Record<string, string>
  return makeWords(sentences, page.documentElement.lang)
}

/** Sentences by key, numbers written as in the language with a tag that Intl knows. */
export function makeWords(sentences: Record<string, string>, tag: string): Words {
  const numbers = new Intl.NumberFormat(tag || 'en', { useGrouping: false })
  return (key, parts = {}) => {
    const sentence = sentences[key]
    if (sentence === undefined) throw new Error(`the page has no sentence called ${key}`)
    return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const part = parts[name] ?? whole
      return typeof part === 'number' ? numbers.format(part) : part
    })
  }
}

/** The language of a page as the server names it. The page's `lang` is for voices and fonts, to whom plain Japanese is Japanese. */
export function languageOf(page: Document): string {
  return page.documentElement.dataset['language'] ?? page.documentElement.lang
}

/** A file size as the page's language writes it: 0.4 MB, in Dutch 0,4 MB. */
export function saySize(bytes: number, page: Document): string {
  const megabytes = Math.max(bytes / 1_000_000, 0.1)
  const digits = megabytes < 10 ? 1 : 0
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return `${new Intl.NumberFormat(page.documentElement.lang || 'en', format).format(megabytes)} MB`
}
