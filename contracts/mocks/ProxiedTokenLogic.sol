// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title ProxiedTokenLogic
/// @notice The code of {ProxiedToken}: 6 decimals, a pause and a blocklist that each transfer asks. As in the token it
/// stands for, a balance and the block of its account share one slot.
contract ProxiedTokenLogic {
    /// @dev Top bit of a balance: the account is blocked.
    uint256 private constant _BLOCKED = 1 << 255;

    /// @notice Whether no token moves.
    bool public paused;

    /// @notice Symbol and name.
    string public symbol;

    /// @notice Sum of balances [token].
    uint256 public totalSupply;

    /// @notice What a spender may take [token].
    mapping(address account => mapping(address spender => uint256 amount)) public allowance;

    mapping(address account => uint256 balanceAndBlock) private _balances;

    /// @notice Emitted when tokens move.
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// @notice Emitted when an allowance is given.
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// @notice Thrown when it was initialized before.
    error AlreadyInitialized();

    /// @notice Thrown while no token moves.
    error TokenPaused();

    /// @notice Thrown when an account is on the blocklist.
    error AccountBlocked(address account);

    /// @notice Thrown when an account has too little.
    error InsufficientBalance(address account, uint256 balance, uint256 amount);

    /// @notice Thrown when a spender may take too little.
    error InsufficientAllowance(address spender, uint256 allowed, uint256 amount);

    /// @notice Sets the symbol, once.
    /// @param symbol_ The symbol.
    function initialize(string calldata symbol_) external {
        require(bytes(symbol).length == 0, AlreadyInitialized());
        symbol = symbol_;
    }

    /// @notice Mints.
    /// @param account To whom.
    /// @param amount How much [token].
    function mint(address account, uint256 amount) external {
        totalSupply += amount;
        _balances[account] += amount;
        emit Transfer(address(0), account, amount);
    }

    /// @notice Stops or restarts all transfers.
    /// @param paused_ Whether they stop.
    function setPaused(bool paused_) external {
        paused = paused_;
    }

    /// @notice Puts an account on the blocklist or takes it off.
    /// @param account Whom.
    /// @param blocked Whether it is on it.
    function setBlocked(address account, bool blocked) external {
        uint256 balance = _balances[account] & ~_BLOCKED;
        _balances[account] = blocked ? balance | _BLOCKED : balance;
    }

    /// @notice Allows a spender.
    /// @param spender Whom.
    /// @param amount How much [token].
    /// @return success Always.
    function approve(address spender, uint256 amount) external returns (bool success) {
        require(!paused, TokenPaused());
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    /// @notice Moves the caller's tokens.
    /// @param receiver To whom.
    /// @param amount How much [token].
    /// @return success Always.
    function transfer(address receiver, uint256 amount) external returns (bool success) {
        _move(msg.sender, receiver, amount);
        return true;
    }

    /// @notice Moves allowed tokens.
    /// @param account From whom.
    /// @param receiver To whom.
    /// @param amount How much [token].
    /// @return success Always.
    function transferFrom(address account, address receiver, uint256 amount) external returns (bool success) {
        uint256 allowed = allowance[account][msg.sender];
        require(allowed >= amount, InsufficientAllowance(msg.sender, allowed, amount));
        if (allowed != type(uint256).max) allowance[account][msg.sender] = allowed - amount;
        _move(account, receiver, amount);
        return true;
    }

    /// @notice Balance of an account [token].
    /// @param account Whose.
    /// @return balance What it has.
    function balanceOf(address account) external view returns (uint256 balance) {
        return _balances[account] & ~_BLOCKED;
    }

    /// @notice The symbol too.
    /// @return The name.
    function name() external view returns (string memory) {
        return symbol;
    }

    /// @notice Decimals of the token.
    /// @return Always 6.
    function decimals() external pure returns (uint8) {
        return 6;
    }

    function _move(address account, address receiver, uint256 amount) private {
        require(!paused, TokenPaused());
        uint256 balance = _balances[account];
        require(balance & _BLOCKED == 0, AccountBlocked(account));
        require(_balances[receiver] & _BLOCKED == 0, AccountBlocked(receiver));
        require(balance >= amount, InsufficientBalance(account, balance, amount));
        _balances[account] = balance - amount;
        _balances[receiver] += amount;
        emit Transfer(account, receiver, amount);
    }
}
