interface ImportMetaEnv {
  /** Where the API is, when it is not where the pages are. */
  readonly VITE_API_URL?: string;
}
