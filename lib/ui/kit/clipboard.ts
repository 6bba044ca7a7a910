/**
 * Copying. Browsers give the clipboard to pages that came over TLS or from this machine; elsewhere the
 * old way still works: select it, and ask for it to be copied.
 *
 * @module
 */

/** What copying needs of a page. */
export interface Clipboard {
  /** Present where the page may write to the clipboard. */
  readonly write?: ((text: string) => Promise<void>) | undefined;
  /** Selects the text where it stands and copies the selection; whether that worked. */
  readonly copySelected: () => boolean;
}

/**
 * Copies a text.
 *
 * @returns whether it is in the clipboard; if not, the person has to copy what is selected
 */
export async function copyText(clipboard: Clipboard, text: string): Promise<boolean> {
  try {
    if (clipboard.write) {
      await clipboard.write(text);
      return true;
    }
  } catch {
    // Refused by a permission or because the page is not in front: the old way may do.
  }
  return clipboard.copySelected();
}
