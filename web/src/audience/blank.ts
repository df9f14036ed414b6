/** Forms in which a required field holds nothing but blanks, which browsers take for something. */

/** Has the browser say which field of a form is to be filled in. */
export function sayBlank(form: HTMLFormElement): void {
  for (const field of form.elements) {
    const written = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
    if (written && field.required && field.value.trim() === "") {
      field.value = "";
    }
  }
  form.reportValidity();
}
