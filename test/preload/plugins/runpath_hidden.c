/* Found only by the RUNPATH of runpath_caller.so. */
int hidden_answer(void)
{
    return 42;
}
