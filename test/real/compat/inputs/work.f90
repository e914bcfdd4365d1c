program work
  implicit none
  real(8), allocatable :: a(:, :), b(:, :)
  character(:), allocatable :: text
  integer :: i
  do i = 100, 300, 100
    allocate (a(i, i), b(i, i))
    a = 1.5d0
    b = matmul(a, a)
    print '(i0, 1x, f0.2)', i, sum(b)
    deallocate (a, b)
  end do
  text = ''
  do i = 1, 3000
    text = text // achar(65 + mod(i, 26))
  end do
  print '(i0, 1x, a)', len(text), text(2990:)
  stop 5
end program
