/* Wants a kilobyte of the static thread-local storage that the loader keeps in reserve. */
static __thread char room[1024] __attribute__((tls_model("initial-exec")));

char *static_tls_room(void)
{
    return room;
}
