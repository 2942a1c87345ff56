// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IERC7540} from "../interfaces/IERC7540.sol";
import {MarketMath} from "../libraries/MarketMath.sol";
import {TokenScale} from "../libraries/TokenScale.sol";
import {Market, SETTLED} from "../types/Market.sol";
import {PoolLedger} from "./PoolLedger.sol";

/// @title PoolShares
/// @notice What a share is worth, and the claims of fulfilled requests.
abstract contract PoolShares is PoolLedger, ERC4626 {
    using MarketMath for Market;
    using Math for uint256;

    /// @dev What a controller's fulfilled requests have become, at the mean of their prices.
    struct Claim {
        /// @dev [token]
        uint256 assets;
        /// @dev [shares]
        uint256 shares;
    }

    mapping(address controller => Claim claim) internal _depositClaims;
    mapping(address controller => Claim claim) internal _redeemClaims;

    /// @inheritdoc IERC7540
    mapping(address controller => mapping(address operator => bool approved)) public isOperator;

    /// @inheritdoc IERC7540
    function setOperator(address operator, bool approved) external returns (bool) {
        isOperator[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256 assets) {
        return requestId == 0 ? _depositClaims[controller].assets : 0;
    }

    /// @inheritdoc IERC7540
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256 shares) {
        return requestId == 0 ? _redeemClaims[controller].shares : 0;
    }

    /// @inheritdoc IERC7540
    function share() external view returns (address) {
        return address(this);
    }

    /// @inheritdoc ERC4626
    function deposit(uint256 assets, address receiver) public override returns (uint256) {
        return deposit(assets, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540
    function deposit(uint256 assets, address receiver, address controller) public exclusive returns (uint256 shares) {
        Claim storage claim_ = _depositClaims[controller];
        uint256 most = claim_.assets;
        _requireControl(controller);
        require(assets != 0, ZeroAmount());
        require(assets <= most, ERC4626ExceededMaxDeposit(controller, assets, most));
        shares = assets.mulDiv(claim_.shares, most);
        _claimShares(claim_, assets, shares, receiver, controller);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address receiver) public override returns (uint256) {
        return mint(shares, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540
    function mint(uint256 shares, address receiver, address controller) public exclusive returns (uint256 assets) {
        Claim storage claim_ = _depositClaims[controller];
        uint256 most = claim_.shares;
        _requireControl(controller);
        require(shares != 0, ZeroAmount());
        require(shares <= most, ERC4626ExceededMaxMint(controller, shares, most));
        assets = shares.mulDiv(claim_.assets, most, Math.Rounding.Ceil);
        _claimShares(claim_, assets, shares, receiver, controller);
    }

    /// @inheritdoc ERC4626
    function withdraw(
        uint256 assets,
        address receiver,
        address controller
    ) public override exclusive returns (uint256 shares) {
        Claim storage claim_ = _redeemClaims[controller];
        uint256 most = claim_.assets;
        _requireControl(controller);
        require(assets != 0, ZeroAmount());
        require(assets <= most, ERC4626ExceededMaxWithdraw(controller, assets, most));
        shares = assets.mulDiv(claim_.shares, most, Math.Rounding.Ceil);
        _claimAssets(claim_, assets, shares, receiver, controller);
    }

    /// @inheritdoc ERC4626
    function redeem(
        uint256 shares,
        address receiver,
        address controller
    ) public override exclusive returns (uint256 assets) {
        Claim storage claim_ = _redeemClaims[controller];
        uint256 most = claim_.shares;
        _requireControl(controller);
        require(shares != 0, ZeroAmount());
        require(shares <= most, ERC4626ExceededMaxRedeem(controller, shares, most));
        assets = shares.mulDiv(claim_.assets, most);
        _claimAssets(claim_, assets, shares, receiver, controller);
    }

    /// @inheritdoc ERC4626
    /// @dev The oracle's newest price, else the price of the last trade; and what the market has yet to hand over.
    function totalAssets() public view override returns (uint256) {
        require(!_marginVault.isLocked(), MarketLocked());
        Market memory market = _marginVault.market();
        market.accrue(block.timestamp);
        // A settled market pays at its last price, whatever the oracle has said since.
        uint256 price = market.clock == SETTLED ? market.lastPrice : _displayPrice(market.referencePrice);
        return _netAssets(_cash, _claimOnPool(market, price)) / _scale;
    }

    /// @inheritdoc ERC4626
    function maxDeposit(address controller) public view override returns (uint256) {
        return _marginVault.isLocked() ? 0 : _depositClaims[controller].assets;
    }

    /// @inheritdoc ERC4626
    function maxMint(address controller) public view override returns (uint256) {
        return _marginVault.isLocked() ? 0 : _depositClaims[controller].shares;
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address controller) public view override returns (uint256) {
        return _marginVault.isLocked() ? 0 : _redeemClaims[controller].assets;
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address controller) public view override returns (uint256) {
        return _marginVault.isLocked() ? 0 : _redeemClaims[controller].shares;
    }

    /// @inheritdoc ERC4626
    function previewDeposit(uint256) public pure override returns (uint256) {
        return _refusePreview();
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256) public pure override returns (uint256) {
        return _refusePreview();
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256) public pure override returns (uint256) {
        return _refusePreview();
    }

    /// @inheritdoc ERC4626
    function previewRedeem(uint256) public pure override returns (uint256) {
        return _refusePreview();
    }

    function _requireControl(address controller) internal view {
        require(msg.sender == controller || isOperator[controller][msg.sender], NotAuthorized(msg.sender));
    }

    function _convertToShares(uint256 assets, Math.Rounding rounding) internal view override returns (uint256) {
        return _sharesFor(assets, totalAssets(), totalSupply(), rounding);
    }

    function _convertToAssets(uint256 shares, Math.Rounding rounding) internal view override returns (uint256) {
        return _assetsFor(shares, totalAssets(), totalSupply(), rounding);
    }

    /// @dev What traders could take out of cash at `price`, less what the market has yet to hand over [± WAD quote].
    function _claimOnPool(Market memory market, uint256 price) internal view returns (int256) {
        int256 tradersClaim = market.tradersClaim(price, _skewScale, _reserved);
        return tradersClaim - int256(TokenScale.floorToToken(market.poolDue, _scale));
    }

    /// @dev The formula of OpenZeppelin's ERC4626 for a pool that is given, such as one in the middle of a fulfilment.
    function _sharesFor(
        uint256 assets,
        uint256 poolAssets,
        uint256 supply,
        Math.Rounding rounding
    ) internal pure returns (uint256) {
        return assets.mulDiv(supply + 10 ** _decimalsOffset(), poolAssets + 1, rounding);
    }

    function _assetsFor(
        uint256 shares,
        uint256 poolAssets,
        uint256 supply,
        Math.Rounding rounding
    ) internal pure returns (uint256) {
        return shares.mulDiv(poolAssets + 1, supply + 10 ** _decimalsOffset(), rounding);
    }

    /// @dev Cash less the claim on it, never below zero [WAD quote].
    function _netAssets(uint256 poolCash, int256 claimOnPool) internal pure returns (uint256) {
        int256 net = int256(poolCash) - claimOnPool;
        return net > 0 ? uint256(net) : 0;
    }

    /// @dev Against an inflated first deposit: an attacker would have to give away a million times what it could take.
    function _decimalsOffset() internal pure override returns (uint8) {
        return 6;
    }

    function _claimShares(
        Claim storage claim_,
        uint256 assets,
        uint256 shares,
        address receiver,
        address controller
    ) private {
        claim_.assets -= assets;
        claim_.shares -= shares;
        emit Deposit(controller, receiver, assets, shares);
        emit DepositClaimed(controller, receiver, _nextSequence(), assets, shares);
        _transfer(address(this), receiver, shares);
    }

    function _claimAssets(
        Claim storage claim_,
        uint256 assets,
        uint256 shares,
        address receiver,
        address controller
    ) private {
        require(receiver != address(0), ZeroAddress());
        claim_.assets -= assets;
        claim_.shares -= shares;
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        emit RedeemClaimed(controller, receiver, _nextSequence(), assets, shares);
        _payOwed(receiver, assets);
    }

    /// @dev A view that other protocols rely on must answer while the oracle does not, or not within the range in which
    /// the market trades.
    function _displayPrice(uint256 referencePrice) private view returns (uint256) {
        try _oracle.latest() returns (uint256 price, uint64) {
            return price <= type(uint96).max ? price : referencePrice;
        } catch {
            return referencePrice;
        }
    }

    /// @dev Always reverts. A bare `revert` would make the compiler warn of unreachable code in ERC4626.
    function _refusePreview() private pure returns (uint256 nothing) {
        require(false, PreviewNotSupported());
    }
}
