// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title Ghosts
/// @notice What the contracts do not store, and the laws are measured against.
contract Ghosts {
    struct Count {
        uint256 tried;
        uint256 done;
    }

    /// @dev Indices as they would stand if nobody had ever poked: they move only where a rate changes.
    struct Twin {
        int256 fundingIndex;
        int256 borrowIndex;
        int256 fundingVelocity;
        int256 borrowRate;
        uint256 accruedAt;
    }

    /// @notice The first breach of each law that an action saw; empty while it holds.
    mapping(uint256 law => string what) public breachOf;
    mapping(string action => Count count) private _counts;
    string[] private _actions;

    /// @notice Tokens made for an account, and those that others added to its positions [token].
    mapping(address account => uint256 amountToken) public paidIn;
    /// @notice Reserve ever added to positions of an account [WAD quote].
    mapping(address account => uint256 reserve) public reserveAdded;
    mapping(uint256 positionId => uint256 reserve) public reserveAddedTo;
    /// @notice What the pool has gained less what it has paid, by single actions on a position [± WAD quote].
    mapping(uint256 positionId => int256 net) public poolNetOf;
    /// @notice Tokens given to a contract [token].
    mapping(address account => uint256 amountToken) public donated;
    /// @notice Pool shares sent to the pool itself [shares].
    uint256 public donatedShares;
    uint256 public clock;

    address[] private _accounts;
    mapping(address account => bool known) private _known;
    Twin private _twin;

    function breach(uint256 law, string calldata what) external {
        if (bytes(breachOf[law]).length == 0) breachOf[law] = what;
    }

    function tried(string calldata action) external {
        if (_counts[action].tried++ == 0) _actions.push(action);
    }

    function done(string calldata action) external {
        ++_counts[action].done;
    }

    /// @notice Remembers an account that may hold, or be owed, tokens.
    function register(address account) external {
        if (_known[account]) return;
        _known[account] = true;
        _accounts.push(account);
    }

    function addPaidIn(address account, uint256 amountToken) external {
        paidIn[account] += amountToken;
    }

    function addReserve(address account, uint256 positionId, uint256 reserve) external {
        reserveAdded[account] += reserve;
        reserveAddedTo[positionId] += reserve;
    }

    function addPoolNet(uint256 positionId, int256 net) external {
        poolNetOf[positionId] += net;
    }

    function addDonated(address account, uint256 amountToken) external {
        donated[account] += amountToken;
    }

    function addDonatedShares(uint256 shares) external {
        donatedShares += shares;
    }

    function setClock(uint256 clock_) external {
        clock = clock_;
    }

    function setTwin(Twin calldata twin_) external {
        _twin = twin_;
    }

    function twin() external view returns (Twin memory) {
        return _twin;
    }

    function accounts() external view returns (address[] memory) {
        return _accounts;
    }

    function actions() external view returns (string[] memory) {
        return _actions;
    }

    function countOf(string calldata action) external view returns (Count memory) {
        return _counts[action];
    }
}
