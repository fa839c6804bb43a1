//! Goes through a long list page by page; where it is stands in the address.

use leptos::prelude::*;

use crate::state::address::Kept;

/// Which rows are shown, of how many, and buttons to the neighbouring pages.
#[component]
pub fn Pager(
    /// The first row that is shown, from 0.
    from: Kept<usize>,
    /// Rows of a page.
    size: usize,
    /// Rows of the answer, and rows in all, once they are known.
    #[prop(into)]
    page: Signal<Option<(usize, usize)>>,
) -> impl IntoView {
    let total = Memo::new(move |_| page.get().map(|(_, total)| total));
    // An address may point behind the end.
    Effect::new(move |_| {
        if let Some((0, total)) = page.get()
            && let Some(last) = total.checked_sub(1)
        {
            from.set(Some(last / size * size).filter(|from| *from > 0));
        }
    });
    let start = move || from.get().unwrap_or(0);
    let end = move || total.get().map(|total| total.min(start() + size));
    view! {
        <div class="buttons push-end pager">
            <span class="quiet small" role="status">
                {move || match (end(), total.get()) {
                    (Some(_), Some(0)) => "none".to_owned(),
                    (Some(end), Some(total)) => {
                        format!("{}–{end} of {total}", (start() + 1).min(end))
                    }
                    _ => String::new(),
                }}
            </span>
            <button
                type="button"
                class="small earlier"
                disabled=move || start() == 0
                on:click=move |_| {
                    from.set(Some(start().saturating_sub(size)).filter(|from| *from > 0));
                }
            >
                "Earlier"
            </button>
            <button
                type="button"
                class="small later"
                disabled=move || end().is_none_or(|end| Some(end) == total.get())
                on:click=move |_| from.set(Some(start() + size))
            >
                "Later"
            </button>
        </div>
    }
}
