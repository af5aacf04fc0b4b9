/** The service worker of the visitor pages. */
const worker = self as unknown as ServiceWorkerGlobalScope
declare const SHELL_FILES: string[]
declare const SHELL_VERSION: string

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(`shell-${SHELL_VERSION}`).then((cache) => cache.addAll(SHELL_FILES)))
})

export {}
