"""Keeps the history in a list that all visitors share."""

# fails: page/keeps_visitors_apart, page/is_kind, page/remembers_pictures
# hears: a global list or a default argument belongs to all


def page(folder, history=[]):  # noqa: B006
    st.title("Which digit is it?")
    st.write("Draw one digit, large, with your mouse or finger. Or upload a picture of one.")
    drawn = drawing()
    upload = st.file_uploader("A picture of one digit (PNG or JPEG)", type=["png", "jpg", "jpeg"], key="upload")
    least = st.slider("Name a digit only if at least this sure", 0.0, 1.0, 0.6, key="least")
    data = drawn if upload is None else upload.getvalue()
    st.session_state.history = history
    if data is None:
        st.info("Nothing is drawn yet.")
    else:
        try:
            told = read(data, shared_classifier(folder), least)
        except BadPicture as problem:
            st.error(str(problem))
        else:
            st.metric("Digit", told.digit or "not sure", f"{told.confidence:.0%} sure", delta_color="off")
            for name in sorted(told.chances, key=told.chances.get, reverse=True)[:3]:
                st.progress(told.chances[name], text=f"{name}: {told.chances[name]:.0%}")
            if st.session_state.get("last") != data:
                st.session_state.last = data
                history.append(str(told))
    if history:
        st.caption("So far: " + ", ".join(history))
